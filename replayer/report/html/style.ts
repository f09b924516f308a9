/** How the page looks: light or dark as the system is. Nothing is loaded, fonts neither. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --front: #1b1f24; --quiet: #59636e; --line: #d1d9e0; --panel: #f6f8fa;
  --red: #b3261e; --green: #1a7f37; --yellow: #8a5a00; --mark: #ffd8d3; --markfront: #5c0a05; --soft: #fff6d6; --link: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0f1318; --front: #e6edf3; --quiet: #9aa5b1; --line: #323a44; --panel: #171d24;
    --red: #ff8f84; --green: #6cd486; --yellow: #e5b95c; --mark: #6b1d17; --markfront: #ffe9e6; --soft: #3a3110; --link: #8ab4f8; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--front); }
header, main { max-width: 110rem; margin: 0 auto; padding: 1rem 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: .8rem; margin: 1rem 0 .3rem; color: var(--quiet); text-transform: uppercase; letter-spacing: .04em; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.text { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; margin: .3rem 0; max-height: 30rem; overflow: auto; }
.controls { position: sticky; top: 0; z-index: 1; background: var(--back); border-bottom: 1px solid var(--line); padding: .6rem 0;
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem; }
fieldset label { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; cursor: pointer; }
fieldset input { position: absolute; opacity: 0; }
fieldset label:has(:checked) { background: var(--front); color: var(--back); }
input[type=search] { font: inherit; padding: .2rem .6rem; min-width: 16rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--panel); color: inherit; }
:focus-visible, fieldset label:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: 2px; }
.case { border: 1px solid var(--line); border-radius: .4rem; margin: .35rem 0; content-visibility: auto; contain-intrinsic-size: auto 2.2rem; }
.case > summary { padding: .35rem .7rem; cursor: pointer; overflow-wrap: anywhere; }
.case > :not(summary), .case > pre.text { margin-left: .7rem; margin-right: .7rem; }
.case > table { width: calc(100% - 1.4rem); }
.case > :last-child:not(summary) { margin-bottom: .8rem; }
[hidden] { display: none !important; }
.verdict { display: inline-block; min-width: 3.4rem; }
.pass { color: var(--green); } .fail, .error { color: var(--red); } .verdict.skipped { color: var(--yellow); }
.name { font-weight: 600; } .id, .time, .note, .quiet { color: var(--quiet); } .time { float: right; }
.tag { font-size: .8rem; border: 1px solid var(--line); border-radius: .3rem; padding: 0 .35rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-top: 1px solid var(--line); font-weight: 400; overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-size: .8rem; border-top: 0; }
.differences th:first-child { width: 26%; } .excuses th:first-child { width: 26%; }
mark { background: var(--mark); color: var(--markfront); border-radius: .15rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; column-gap: .5rem; }
.sides .head { color: var(--quiet); font-size: .8rem; }
.sides code { padding: 0 .3rem; min-height: 1.45em; }
.sides code.differs { background: var(--panel); box-shadow: inset 3px 0 var(--red); }
.sides code.excused { background: var(--soft); box-shadow: inset 3px 0 var(--yellow); }
.sides code.excused mark, .sides code.moved mark { background: none; color: inherit; text-decoration: underline dotted; }
.sides .fold { grid-column: 1 / -1; } .fold > summary { color: var(--quiet); cursor: pointer; font-size: .8rem; }
.sign { display: inline-block; width: 1.3em; color: var(--quiet); user-select: none; }
.answers > summary { cursor: pointer; margin: .8rem 0 .3rem; }
ol { margin: 0; padding-left: 1.3rem; }
kbd { font: .75rem ui-monospace, monospace; border: 1px solid var(--line); border-radius: .25rem; padding: 0 .3rem; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
`;
