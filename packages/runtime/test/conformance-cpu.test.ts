import { backend } from '@ringkernel/backend-cpu';
import { conform, firstDevice } from './conform.ts';

const device = await firstDevice(backend);
for (const workers of [1, 3]) conform(backend, device, { workers });
