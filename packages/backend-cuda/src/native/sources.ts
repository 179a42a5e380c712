/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '8807e59400ca2a77';
