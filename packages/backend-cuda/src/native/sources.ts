/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '42babf0052a8c723';
