import { conform } from './suite.ts';

conform('lockstep');
