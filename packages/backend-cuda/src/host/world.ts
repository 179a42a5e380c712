import { hostLaneLayout, queueLayout, worldLayout } from '../layout/device.ts';
import { StructWriter } from '../layout/struct-writer.ts';
import { stuckAfterMs } from './handler-watch.ts';
import type { Machine } from './machine.ts';
import { laneAddresses, queueCells } from './placement.ts';

const noNode = 0xffff_ffff;

/** Writes what all kernels of a device share, before the first of them runs. All slots for messages are free. */
export function writeWorld(machine: Machine, clockOffsetUs: bigint): void {
  const { placement, addon, world, settings } = machine;
  const { options, lockstep, nodeId, epochMs, seed, sliceMs } = settings;
  const { messageSlots, laneCapacity } = options;
  const writer = new StructWriter(worldLayout);
  writer
    .u64('nodes', machine.at(placement.nodes))
    .u64('kernels', machine.at(placement.kernels))
    .u64('ranges', machine.at(placement.ranges))
    .u64('host_lanes', machine.at(placement.hostLanes))
    .u64('control', machine.controlMemory.device)
    .u64('lane', machine.laneMemory.device)
    .u64('ring', machine.ringMemory.device)
    .u64('clock_offset_us', BigInt.asUintN(64, clockOffsetUs))
    .u64('epoch_us', BigInt(epochMs) * 1_000n)
    .u64('id_base', (BigInt(nodeId) << 48n) | (1n << 40n))
    .u32('node_bytes', placement.nodeBytes)
    .u32('node_count', messageSlots)
    .u32('host_lane_count', machine.hostLaneMemory.length)
    .u32('lane_mask', laneCapacity - 1)
    .u32('ring_mask', laneCapacity - 1)
    .u32('clock_node', (nodeId << 16) >>> 0)
    .u32('seed', seed >>> 0)
    .u32('lockstep', lockstep ? 1 : 0)
    .u64('slice_ns', BigInt(sliceMs) * 1_000_000n)
    .u64('timeout_ns', BigInt(options.handlerTimeoutMs) * 1_000_000n)
    .u32('stuck_ms', stuckAfterMs(options.handlerTimeoutMs))
    .u32('transit_first', noNode)
    .u32('transit_last', noNode);
  writer
    .inner('free', queueLayout)
    .u64('cells', machine.at(placement.freeCells))
    .u32('mask', messageSlots - 1)
    .u32('tail', messageSlots);
  addon.copyToDevice(world.handle, 0, writer.bytes);
  for (const [i, memory] of machine.hostLaneMemory.entries()) {
    const { control, slots, ring } = laneAddresses(
      memory.device,
      laneCapacity,
      placement.nodeBytes,
    );
    const lane = new StructWriter(hostLaneLayout)
      .u64('slots', slots)
      .u64('ring', ring)
      .u64('control', control);
    const at = placement.hostLanes + i * hostLaneLayout.sizeBytes;
    addon.copyToDevice(world.handle, at, lane.bytes);
  }
  const cells = queueCells(messageSlots, messageSlots);
  addon.copyToDevice(world.handle, placement.freeCells, cells);
}
