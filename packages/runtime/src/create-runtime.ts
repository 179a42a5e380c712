import { CompiledFile, readCompiledFile } from '@ringkernel/compiler/back-end';
import type { DeviceOptions } from '@ringkernel/core';
import { InvalidOptionError } from '@ringkernel/core';
import { Images } from './images.ts';
import { checkK2KOptions } from './k2k/options.ts';
import {
  checkInteger,
  checkNames,
  checkOneOf,
  checkTimeout,
  type RuntimeOptions,
  runtimeOptionNames,
} from './options.ts';
import { Runtime } from './runtime.ts';
import { backendNames, isFactory, select } from './select.ts';

/**
 * Opens a device. Rejects with `BackendUnavailableError` when the backend asked for, or every backend, can't be used,
 * with `CompiledFileError` when `compiled` can't be used, and with `InvalidOptionError`.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  checkNames(options, runtimeOptionNames, 'options');
  const { backend = 'auto', device, backendOptions } = options;
  if (!isFactory(backend)) checkOneOf('backend', backend, ['auto', ...backendNames]);
  if (device !== undefined && typeof device !== 'string') {
    throw new InvalidOptionError('device', 'the id of a device', device);
  }
  if (backendOptions !== undefined && (typeof backendOptions !== 'object' || !backendOptions)) {
    throw new InvalidOptionError('backendOptions', 'an object', backendOptions);
  }
  const epochMs = Date.now();
  const nodeId = checkInteger('nodeId', options.nodeId ?? 0, 0, 0xffff);
  const deviceOptions: DeviceOptions = {
    schedule: checkOneOf('schedule', options.schedule ?? 'async', ['async', 'lockstep']),
    nodeId,
    seed: checkInteger('seed', options.seed ?? 0, 0, 0xffff_ffff),
    epochMs,
    ...(device === undefined ? {} : { deviceId: device }),
    ...(backendOptions === undefined ? {} : { backendOptions }),
  };
  const { deadLetterCapacity = 10_000, deadLetterBytes = 2 ** 24 } = options;
  const limits = {
    deadLetterCapacity: checkInteger('deadLetterCapacity', deadLetterCapacity, 0, 2 ** 24),
    deadLetterBytes: checkInteger('deadLetterBytes', deadLetterBytes, 0, 2 ** 40),
    maxRetained: checkInteger('maxRetained', options.maxRetained ?? 10_000, 0, 2 ** 24),
    deadLetterAgeMs: checkTimeout(options.deadLetterAgeMs ?? 3_600_000, 'deadLetterAgeMs'),
  };
  const k2k = checkK2KOptions(options.k2k ?? {});
  const images = await imagesFrom(options);
  const selected = await select(backend, deviceOptions);
  return new Runtime({ ...selected, epochMs, nodeId, k2k, images, ...limits });
}

async function imagesFrom({ compiled, compiledOnly = false }: RuntimeOptions): Promise<Images> {
  if (typeof compiledOnly !== 'boolean') {
    throw new InvalidOptionError('compiledOnly', 'true or false', compiledOnly);
  }
  if (compiled === undefined) {
    if (!compiledOnly) return new Images(null, false);
    throw new InvalidOptionError('compiledOnly', 'false, or a file in `compiled`', compiledOnly);
  }
  const named = typeof compiled === 'string' || compiled instanceof URL;
  const file = named ? await readCompiledFile(compiled) : new CompiledFile(compiled);
  return new Images(file, compiledOnly);
}
