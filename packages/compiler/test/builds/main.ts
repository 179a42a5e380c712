import { report } from './report.ts';

console.log(JSON.stringify(report()));
