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

/** The same for reports: text that wants to be markup, a command, or something to look at. */
export const hostileInReports: readonly string[] = [
  ...hostileTexts,
  ']]><failure message="x"/><![CDATA[',
  '"><img src=x onerror="globalThis.owned=true">',
  "' autofocus onfocus='globalThis.owned=true",
  '</style><style>*{display:none}</style>',
  '--><!-- <base href="//evil.test">',
  '| x | [a](javascript:globalThis.owned=true) `` ` **b** <b>c</b> @someone #1 www.evil.test',
  '\n::error::owned\n##[error]owned %0A::stop-commands::x',
  '\u001b[2J\u009b31m\u202e\u2066 \u0000 \ud800 \ufffe',
];
