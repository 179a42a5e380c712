import { type Case, groups } from '../case.ts';
import { deadLetters } from './dead-letters.ts';
import { faults } from './faults.ts';
import { flow } from './flow.ts';
import { instances } from './instances.ts';
import { k2k } from './k2k.ts';
import { lifecycle } from './lifecycle.ts';
import { lockstep } from './lockstep.ts';
import { messaging } from './messaging.ts';
import { numbers } from './numbers.ts';
import { ordering } from './ordering.ts';
import { routed } from './routed.ts';
import { sections } from './sections.ts';
import { state } from './state.ts';
import { supervision } from './supervision.ts';
import { telemetry } from './telemetry.ts';
import { tenants } from './tenants.ts';

const all: readonly Case[] = [
  ...lifecycle.cases,
  ...messaging.cases,
  ...ordering.cases,
  ...state.cases,
  ...numbers.cases,
  ...sections.cases,
  ...k2k.cases,
  ...routed.cases,
  ...flow.cases,
  ...deadLetters.cases,
  ...faults.cases,
  ...supervision.cases,
  ...instances.cases,
  ...tenants.cases,
  ...telemetry.cases,
  ...lockstep.cases,
];

/** The whole suite, group by group. */
export const allCases: readonly Case[] = groups.flatMap((group) =>
  all.filter((c) => c.group === group),
);
