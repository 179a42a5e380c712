/** A name without what JavaScript, C++ and WGSL do not allow in one. */
export function identifier(name: string): string {
  return name.replace(/\W/gu, '_');
}
