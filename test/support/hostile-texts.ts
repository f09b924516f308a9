/** Recorded text that wants to be code where it is written into a file. */

export const breakout = "'); globalThis.owned = true; ('";
export const hostileTexts: readonly string[] = [
  breakout,
  `${breakout}\\`,
  '`$\u007bglobalThis.owned = true}`',
  '*/ globalThis.owned = true; /*',
  'a\nglobalThis.owned = true //',
  'a\u2028globalThis.owned = true //',
  '\\u0027); globalThis.owned = true; (',
  '</script><script>globalThis.owned = true</script>',
];
