/** Stamps of what the host sends and hands over: microseconds since 1970 and a counter, each later than the one before. */
export class Clock {
  readonly lockstep: boolean;
  readonly node: number;
  /** Stands still in lockstep, where it is the number of the round. */
  physical = 0;
  logical = 0;

  constructor(lockstep: boolean, nodeId: number) {
    this.lockstep = lockstep;
    this.node = nodeId << 8;
  }

  tick(): void {
    if (this.lockstep) return;
    const now = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    if (now > this.physical) {
      this.physical = now;
      this.logical = 0;
    } else this.logical++;
  }

  /** Goes on to this time, when it is later: the device was there already. */
  reach(physical: number): void {
    if (physical <= this.physical) return;
    this.physical = physical;
    this.logical = 0;
  }
}
