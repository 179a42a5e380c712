/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '63e82cacf06481e0';
