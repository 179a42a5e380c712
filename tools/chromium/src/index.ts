export { Chromium, type ChromiumOptions, openChromium } from './chromium.ts';
export type { Page } from './page.ts';
