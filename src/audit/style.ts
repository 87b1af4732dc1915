/** The one style sheet of reports, pages and dictionary: system fonts, light and dark, fit for paper; no colour carries a meaning alone. */
export const style = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5b6570;--line:#d8dee4;--fill:#f4f6f8;--link:#0b57a4;
--good:#1a7f46;--same:#8fb8a0;--warn:#b7791f;--wait:#6b7fa3;--bad:#b3261e;--off:#9aa4ad}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e9ec;--soft:#a0abb5;--line:#333b43;--fill:#1d2226;--link:#7fb7f0;
--good:#4fb37c;--same:#5c7f6b;--warn:#e0a84a;--wait:#8fa5cf;--bad:#f2867e;--off:#6d7780}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.25rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .2rem}
p{margin:.35rem 0;max-width:70ch}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem}
.soft{color:var(--soft);font-weight:400}.lead{font-size:1.05rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.6rem;margin:1rem 0;padding:0}
.facts div{background:var(--fill);border:1px solid var(--line);border-radius:6px;padding:.55rem .7rem}
.facts dt{color:var(--soft);font-size:.82rem}.facts dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:.2rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .65rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}thead th{color:var(--soft);font-size:.82rem;font-weight:500}
.n{text-align:right;white-space:nowrap}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em;overflow-wrap:anywhere}
.tag{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 .35rem;font-size:.82rem;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.wait{color:var(--wait)}
svg{display:block;max-width:100%}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
.fill-good{fill:var(--good)}.fill-same{fill:var(--same)}.fill-warn{fill:var(--warn)}.fill-wait{fill:var(--wait)}.fill-bad{fill:var(--bad)}.fill-off{fill:var(--off)}
.track{fill:var(--fill)}
pre{background:var(--fill);border:1px solid var(--line);border-radius:6px;padding:.8rem;overflow-x:auto;font-size:.82rem;line-height:1.45}
details{margin:.3rem 0}summary{cursor:pointer}
.changes{margin:.2rem 0 0;padding:0;list-style:none}.changes li{overflow-wrap:anywhere}
.search{display:flex;gap:.6rem;align-items:center;margin:.5rem 0;flex-wrap:wrap}
input,select,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:5px;padding:.3rem .55rem}
input[type=search]{min-width:18rem}
[hidden]{display:none}
.tip{border-left:3px solid var(--line);padding-left:.7rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:.6rem 0}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--fill:#fff}body{max-width:none;padding:0;font-size:10pt}
.search,.skip,nav{display:none}h2{break-after:avoid}tr,.facts div,h3{break-inside:avoid}*{print-color-adjust:exact}}
`.trim();
