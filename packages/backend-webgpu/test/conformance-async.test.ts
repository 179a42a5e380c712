import { conform } from './suite.ts';

conform('async');
