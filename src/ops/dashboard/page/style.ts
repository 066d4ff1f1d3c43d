/** The page's one style sheet. Colours are named once, for light and for dark; every text has a contrast of at least 4.5. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--surface:#fff;--ink:#171a21;--muted:#5a6270;--line:#e3e6eb;--rest:#e9ecf1;--accent:#2b55c9;
--good:#1b7a49;--warn:#8f6000;--bad:#c2281b;--open:#566072;--mark:#fff;
--p50:#9db6ee;--p95:#2f5bd8;--p99:#172b63;--band:rgba(47,91,216,.09);
--o-success:#8cc3a5;--o-4xx:#8d9bb0;--o-5xx:#c2281b;--o-network:#e8833a;--o-timeout:#e3b228;--o-unknown:#8a5bc7;--o-unsent:#bcc3ce;--o-aborted:#d8dce3;
--sans:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Inter,Roboto,"Helvetica Neue",sans-serif;--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0d1015;--surface:#151920;--ink:#e8ebf1;--muted:#9aa3b2;--line:#262c36;--rest:#2a313c;--accent:#8fadff;
--good:#45b97c;--warn:#dba63a;--bad:#ff7468;--open:#a3adbc;--mark:#0d1015;
--p50:#46619f;--p95:#86a7ff;--p99:#d3deff;--band:rgba(134,167,255,.1);
--o-success:#2f6b4b;--o-4xx:#66748a;--o-5xx:#ff7468;--o-network:#e8833a;--o-timeout:#e3b94a;--o-unknown:#a985e0;--o-unsent:#4b5462;--o-aborted:#3a424e}}
*{box-sizing:border-box;margin:0}
body{background:var(--bg);color:var(--ink);font:15px/1.5 var(--sans);font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%;text-size-adjust:100%}
.page{max-width:1280px;margin:0 auto;padding:40px 32px 48px}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
code{font:.92em var(--mono);overflow-wrap:anywhere}
ul,ol{list-style:none;padding:0}
h1{font-size:34px;line-height:1.15;font-weight:680;letter-spacing:-.022em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;font-weight:640;letter-spacing:-.012em;margin:48px 0 14px}
h3{font-size:15px;font-weight:620;overflow-wrap:anywhere}
.muted{color:var(--muted)}.fine{font-size:13px}.muted h3,h3 .muted{font-weight:400}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:16px;top:12px;background:var(--surface);padding:8px 12px;border-radius:8px}
.eyebrow{font-size:12px;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--muted);margin-bottom:6px}
.headline{display:flex;gap:10px;align-items:flex-start;font-size:19px;line-height:1.4;margin-top:10px;letter-spacing:-.006em}.headline span{min-width:0;overflow-wrap:anywhere}
.headline .glyph{width:20px;height:20px;margin-top:3px}
.facts{display:flex;flex-wrap:wrap;gap:8px 30px;margin:22px 0 26px;font-size:14px}
.facts dt{color:var(--muted);font-size:12px}.facts dd{overflow-wrap:anywhere}
.glyph{width:16px;height:16px;flex:none;vertical-align:-3px}
.glyph .fill{fill:currentColor}.glyph .mark{stroke:var(--mark);stroke-width:1.8;fill:none;stroke-linecap:round;stroke-linejoin:round}
.glyph .ring{fill:none;stroke:currentColor;stroke-width:1.7}.glyph .line{fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}
.glyph.good,.verdict.good,.badge.good{color:var(--good)}.glyph.warn,.verdict.warn,.badge.warn{color:var(--warn)}
.glyph.bad,.verdict.bad,.badge.bad{color:var(--bad)}.glyph.open,.verdict.open,.badge.open,.glyph.none,.verdict.none,.badge.none{color:var(--open)}
rect.good{fill:var(--good)}rect.warn{fill:var(--warn)}rect.bad{fill:var(--bad)}rect.open,rect.none{fill:var(--open)}rect.rest{fill:var(--rest)}rect.hit{fill:transparent}
.badge{display:inline-flex;gap:6px;align-items:center;font-size:13px;font-weight:600;white-space:nowrap}
.strip{display:flex;flex-wrap:wrap;gap:1px;background:var(--line);border:1px solid var(--line);border-radius:14px;overflow:hidden}
.strip li{flex:1 1 200px;background:var(--surface);padding:18px 20px;min-width:0}
.strip h3{font-size:13px;font-weight:500;color:var(--muted)}
.verdict{display:flex;gap:9px;align-items:center;font-size:23px;line-height:1.3;font-weight:640;letter-spacing:-.015em;margin:4px 0 6px}
.verdict .glyph{width:20px;height:20px}
.strip p.muted{font-size:13px}
.trail{display:block;margin-top:12px;max-width:100%;height:auto}
.card{background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:20px;min-width:0}
.card.flush{padding:6px 20px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:18px;align-items:stretch}
.cards.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr))}
.card-top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 12px;align-items:baseline}.card-top>.muted{font-size:13px}
.slo{display:flex;flex-direction:column}.slo h3{font-size:17px;letter-spacing:-.01em}.of{font-size:13px}
.budget{margin:16px 0 14px}.budget-figure{font-size:28px;line-height:1.2;font-weight:660;letter-spacing:-.025em;margin-right:2px}
.budget-bar{display:block;width:100%;margin:7px 0 4px}
.tick{stroke:var(--ink);stroke-width:1.5;stroke-opacity:.75}
p{text-wrap:pretty}h4{font-size:12.5px;font-weight:500;color:var(--muted);border-top:1px solid var(--line);padding-top:10px;margin-bottom:2px}.signals{margin-bottom:12px;display:grid;grid-template-columns:16px minmax(0,1fr) 64px auto auto;column-gap:9px}
.spent{display:flex;gap:12px;align-items:center;font-size:13px;line-height:1.35}
.signals li{display:grid;grid-column:1/-1;grid-template-columns:subgrid;align-items:center;padding:4px 0;font-size:13px}
.signals .glyph{width:14px;height:14px}.figure{text-align:right;white-space:nowrap;font-weight:560}.of-limit{white-space:nowrap}
.signals li.bad .figure,.signals li.bad .why{color:var(--bad)}.signals li.warn .figure,.signals li.warn .why{color:var(--warn)}
.why{grid-column:2/-1;font-size:12.5px;color:var(--muted)}
.bullet{width:100%;display:block}
.card-foot{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 16px;border-top:1px solid var(--line);padding-top:12px;margin-top:auto;font-size:13px}
.empty{color:var(--muted);border:1px dashed var(--line);border-radius:14px;padding:22px 20px}
.count{color:var(--muted);font-weight:400}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:500}thead th{color:var(--muted);font-size:12.5px;padding:10px 16px 8px 0;white-space:nowrap}
td,tbody th{padding:10px 16px 10px 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:last-child,th:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}th.num{text-align:right}
.rows .main{font-weight:500}.check-title{display:block}.rows .main .fine,.matrix .fine{display:block;font-weight:400}
details{margin-top:10px}summary{cursor:pointer;color:var(--muted);font-size:13px;width:fit-content}summary:hover{color:var(--ink)}
.more>summary{font-size:14px;margin:14px 0}details table{font-size:13px;margin-top:6px}details td,details tbody th{padding-top:6px;padding-bottom:6px}
.chart{display:grid;grid-template-columns:46px minmax(0,1fr) 92px;column-gap:10px;margin:16px 0 6px}
.chart svg{display:block;width:100%;overflow:visible}.chart text{font-size:12px;fill:var(--muted)}
.chart .x-axis{grid-column:2}.chart .grid{stroke:var(--line)}
.plot path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.plot path.band{fill:var(--band)}
path.p50{stroke:var(--p50);stroke-width:2}path.p95{stroke:var(--p95);stroke-width:2.4}path.p99{stroke:var(--p99);stroke-width:1.6;stroke-dasharray:5 4}
.dot{stroke:var(--surface);stroke-width:1}.dot.p50{fill:var(--p50)}.dot.p95{fill:var(--p95)}.dot.p99{fill:var(--p99)}.dot.late{fill:var(--bad);stroke-width:1.5}
.guide{stroke:var(--muted);opacity:0}.run:hover .guide{opacity:.6}
.limit{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:2 3}
.chart .ends text{fill:var(--ink);font-weight:560}.chart .ends .name{font-weight:500;fill:var(--muted)}.chart .ends .limit-text,.chart .ends .limit-text .name{fill:var(--bad)}
.o-success{fill:var(--o-success)}.o-expected4xx{fill:var(--o-4xx)}.o-5xx{fill:var(--o-5xx)}.o-network{fill:var(--o-network)}.o-timeout{fill:var(--o-timeout)}
.o-unknown{fill:var(--o-unknown)}.o-unsent{fill:var(--o-unsent)}.o-aborted{fill:var(--o-aborted)}
.legend{display:flex;flex-wrap:wrap;gap:6px 20px;font-size:13px;margin-bottom:14px}.legend li{display:flex;gap:7px;align-items:center}
.mixes>li{display:grid;grid-template-columns:210px minmax(0,1fr) minmax(0,1.3fr) 64px;gap:4px 20px;align-items:center;padding:5px 0;font-size:13px}
.mixes>.mix-head{color:var(--muted);font-size:12.5px}.mix-head span:last-child,.mix-bad{text-align:right}
.mix-run{display:flex;gap:8px;align-items:center;white-space:nowrap}.mix-bad{font-weight:560}.narrow{display:none}
.stack{width:100%;display:block;border-radius:4px;background:var(--rest)}.stack rect{stroke:var(--surface);stroke-width:.8}
.matrix td,.matrix thead th{text-align:center;padding-left:4px;padding-right:4px;width:8.4%}.matrix thead th:first-child{text-align:left;width:auto;padding-left:0}
.matrix td{vertical-align:middle}.cell{display:inline-flex;flex-direction:column;align-items:center;gap:3px;font-size:12px;line-height:1.25;white-space:nowrap}.matrix .glyph{width:17px;height:17px}
.notice{margin-bottom:14px;font-size:14px}.notice p{display:flex;gap:8px;align-items:center}.notice ul{margin-top:6px}.notice li{padding:2px 0;overflow-wrap:anywhere}
footer{margin-top:48px;padding-top:18px;border-top:1px solid var(--line);font-size:13px}
@media screen and (max-width:900px){.page{padding:28px 20px 36px}.matrix tr>:nth-child(n+7){display:none}.matrix td,.matrix thead th{width:11%}
.mixes>li{grid-template-columns:190px minmax(0,1fr) minmax(0,1fr) 60px;gap:4px 14px}}
@media screen and (max-width:640px){.page{padding:22px 16px 28px}h1{font-size:28px}h2{margin-top:38px}.headline{font-size:17px}
.facts{display:grid;grid-template-columns:1fr 1fr;gap:10px 16px}
.strip li{flex-basis:100%;display:grid;grid-template-columns:minmax(0,1fr) auto;align-items:center;padding:14px 16px;column-gap:12px}
.strip h3{grid-column:1}.strip .verdict{grid-column:2;grid-row:1;font-size:17px;margin:0}.strip .verdict .glyph{width:17px;height:17px}.strip p.muted{grid-column:1/-1}.trail{grid-column:1/-1;margin-top:8px}
.card{padding:16px}.card.flush{padding:2px 16px}
.chart{grid-template-columns:44px minmax(0,1fr) 82px;column-gap:7px}
.rows,.rows tbody,.rows tr,.rows td,.rows th.main{display:block}.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows tr{padding:11px 0;border-top:1px solid var(--line)}.rows tbody tr:first-child{border-top:0}
.rows td,.rows tbody th.main{border:0;padding:2px 0}
.rows td{display:flex;justify-content:space-between;gap:16px;text-align:right;white-space:normal}.rows td::before{content:attr(data-head);color:var(--muted);flex:none;text-align:left}
.rows td>span{min-width:0}
.matrix tr>:nth-child(n+5){display:none}.matrix td,.matrix thead th{width:18.5%;padding-left:1px;padding-right:1px}.cell{font-size:11px}
.mixes>li{grid-template-columns:minmax(0,1fr) auto;padding:9px 0}.mixes>.mix-head{display:none}.mixes .mix-bad{grid-column:2;grid-row:1}.mixes .stack{grid-column:1/-1}.narrow{display:inline}
.signals{grid-template-columns:16px minmax(0,1fr) 44px auto auto;column-gap:8px}}
@media print{@page{margin:14mm}:root{--bg:#fff}body{font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}.page{max-width:none;padding:0}
.card,.strip,.signals li,tr,.mixes li{break-inside:avoid}h2{break-after:avoid;margin-top:26px}.strip li{flex-basis:120px;padding:12px}.verdict{font-size:18px}
.cards,.cards.wide{grid-template-columns:repeat(2,minmax(0,1fr));gap:12px}.card{padding:14px}.skip,.more:not(.list)>summary{display:none}
.card details{display:none}.more:not(.list)::details-content{content-visibility:visible;display:block;height:auto}
.mixes>li{grid-template-columns:150px minmax(0,1fr) minmax(0,1fr) 50px;gap:4px 12px}.matrix tr>:nth-child(n+8){display:none}
.signals{grid-template-columns:14px minmax(0,1fr) 40px auto auto;column-gap:6px}.signals li{font-size:11px}table,details table{font-size:11px}a{color:inherit}}
`;
