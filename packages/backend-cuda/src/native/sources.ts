/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = 'a3511c2f3e0a695a';
