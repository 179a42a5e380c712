/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = 'd639f55e104b3e60';
