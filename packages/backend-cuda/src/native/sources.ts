/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = 'c23fd2c507afedfe';
