// What is compiled ahead of time: these handlers close over constants, which a browser does not show.

export { Departures } from '../src/delays/actors.ts';
export { Airport, Coordinator } from '../src/pagerank/actors.ts';
