/**
 * The one style sheet of reports, pages and dictionary: system fonts, light and dark, fit for paper (light, nothing folded or cut off, whatever the screen shows); no colour carries a meaning alone. Contrast of every text against its
 * ground is 4.5 to 1 or more, which a test measures.
 */
export const style = `
:root{color-scheme:light dark;--ground:#f3f5f8;--paper:#fff;--ink:#18202b;--soft:#56616e;--line:#dfe4ea;--fill:#f5f7fa;--link:#0a58b0;--accent:#2f6fde;
--good:#15733c;--same:#86bfa0;--warn:#8f5b00;--wait:#4a6289;--bad:#b3231b;--off:#98a3ae;
--goodfill:#1f9d55;--warnfill:#e0a030;--waitfill:#7f9bc9;--badfill:#d64038;--shadow:0 1px 2px rgba(20,30,45,.06),0 4px 14px rgba(20,30,45,.05)}
@media screen and (prefers-color-scheme:dark){:root{--ground:#0e1217;--paper:#171c23;--ink:#e7ebf0;--soft:#a4afbb;--line:#2b333d;--fill:#1e252e;--link:#86bbf5;--accent:#5b95f0;
--good:#5cc489;--same:#4f8064;--warn:#e6b458;--wait:#9db4dc;--bad:#f48e86;--off:#5f6b77;
--goodfill:#3fae72;--warnfill:#c9953a;--waitfill:#6f8bbd;--badfill:#d9635b;--shadow:none}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:78rem;padding:1.75rem 1.5rem 4rem;background:var(--ground);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
.eyebrow{color:var(--soft);font-size:.78rem;font-weight:600;letter-spacing:.07em;text-transform:uppercase;margin:0 0 .2rem}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .35rem}
h2{font-size:1.15rem;letter-spacing:-.005em;margin:0 0 .75rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
section>h2+h3,section>h2+article>h3{margin-top:0}
p{margin:.4rem 0;max-width:74ch}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem}
.soft{color:var(--soft);font-weight:400}
.byline{color:var(--soft);margin:0 0 1rem}
section,.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow);padding:1.25rem 1.4rem 1.35rem;margin:1.1rem 0;scroll-margin-top:3.4rem}
.verdict{display:flex;gap:.8rem;align-items:baseline;background:var(--paper);border:1px solid var(--line);border-left:5px solid var(--off);border-radius:10px;box-shadow:var(--shadow);padding:.85rem 1.1rem;margin:.9rem 0}
.verdict p{margin:0;font-size:1.1rem;max-width:none}.verdict b{font-size:1.1rem}
.verdict.good{border-left-color:var(--goodfill)}.verdict.bad{border-left-color:var(--badfill)}.verdict.warn{border-left-color:var(--warnfill)}.verdict.wait{border-left-color:var(--waitfill)}
.verdict.good b{color:var(--good)}.verdict.bad b{color:var(--bad)}.verdict.warn b{color:var(--warn)}.verdict.wait b{color:var(--wait)}.verdict p{color:var(--ink)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1rem 0 0;padding:0}
.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--paper);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);padding:.75rem .95rem}
.tiles dt{color:var(--soft);font-size:.84rem}.tiles dd{margin:0;font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tiles .bad dd{color:var(--bad)}.tiles .warn dd{color:var(--warn)}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.6rem;margin:.9rem 0 0;padding:0;font-size:.88rem}
.facts div{display:flex;gap:.45rem}.facts dt{color:var(--soft)}.facts dd{margin:0;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 .5rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}tfoot>tr>*{border-top:2px solid var(--line);border-bottom:0;font-weight:600}
th{font-weight:600}thead th{color:var(--soft);font-size:.76rem;font-weight:600;letter-spacing:.045em;text-transform:uppercase;border-bottom:1px solid var(--line);white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
th small{display:block;color:var(--soft);font-weight:400;font-size:.84rem}
.n{text-align:right;white-space:nowrap}.zero{color:var(--soft)}
.bar{width:38%;min-width:9rem}.bar svg{margin-top:.28rem}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em;overflow-wrap:anywhere}
.tag{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:.02rem .55rem;font-size:.78rem;font-weight:600;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.wait{color:var(--wait)}
svg{display:block;max-width:100%}
svg.strip{width:100%;height:14px;border-radius:4px}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
.fill-good{fill:var(--goodfill)}.fill-same{fill:var(--same)}.fill-warn{fill:var(--warnfill)}.fill-wait{fill:var(--waitfill)}.fill-bad{fill:var(--badfill)}.fill-off{fill:var(--off)}.fill-accent{fill:var(--accent)}
.track{fill:var(--fill)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.3rem;margin:.9rem 0 .3rem;padding:0;font-size:.88rem}.legend svg{display:inline-block;vertical-align:-1px;margin-right:.4rem}
pre{background:var(--fill);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;overflow-x:auto;font-size:.82rem;line-height:1.5}
details{margin:.3rem 0}summary{cursor:pointer}
.changes{margin:.2rem 0 0;padding:0;list-style:none}.changes li{overflow-wrap:anywhere}
.search{display:flex;gap:.6rem;align-items:center;margin:0 0 .8rem;flex-wrap:wrap}header .search{margin:.9rem 0 1.4rem}
input,select,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--off);border-radius:7px;padding:.36rem .7rem}
button{background:var(--fill);cursor:pointer}
input[type=search]{min-width:20rem}
[hidden]{display:none}
.tip{background:var(--fill);border-left:3px solid var(--accent);border-radius:0 7px 7px 0;padding:.5rem .8rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem;padding:0;margin:1rem 0 0}
nav a{display:inline-block;background:var(--paper);border:1px solid var(--line);border-radius:99px;padding:.22rem .8rem;font-size:.9rem;text-decoration:none}nav a:hover{border-color:var(--accent)}
nav.parts{position:sticky;top:0;z-index:1;background:var(--ground);padding:.55rem 0;margin:.9rem 0 0}nav.parts ul{margin:0}
footer{margin-top:1.6rem}
@page{margin:15mm 12mm}
@media print{:root{color-scheme:light;--ground:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--fill:#fff;--shadow:none}body{max-width:none;padding:0;font-size:9.5pt}
.search,.skip,nav,nav.parts{display:none}section,.card{border:0;border-top:1px solid var(--line);border-radius:0;padding:.7rem 0 0;margin:.9rem 0 0}h2,h3{break-after:avoid}tr,.tiles div,.verdict{break-inside:avoid}thead{display:table-header-group}*{print-color-adjust:exact}
.scroll{overflow:visible}pre{white-space:pre-wrap;overflow-wrap:anywhere}p{max-width:none}.bar{min-width:5rem}summary{list-style:none}details::details-content{display:block;content-visibility:visible;block-size:auto}
td .changes li{display:inline}td .changes li+li::before{content:" · "}}
`.trim();
