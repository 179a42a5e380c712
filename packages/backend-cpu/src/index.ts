export { backend } from './backend.ts';
export {
  CpuClosedError,
  CpuLaunchError,
  CpuOptionError,
  CpuScheduleError,
  HandlerThrewError,
  WorkerLostError,
} from './errors.ts';
export type { CpuOptions } from './options.ts';
