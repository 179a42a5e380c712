import { backend } from '@ringkernel/backend-webgpu';
import { conform, firstDevice } from './conform.ts';

conform(backend, await firstDevice(backend));
