/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = 'a81a52e9ee068424';
