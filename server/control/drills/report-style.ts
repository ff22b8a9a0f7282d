/** How the report looks, on a screen and on paper, and the only thing in it that moves. */

export const REPORT_STYLE = `:root{color-scheme:light dark;--text:#161b20;--muted:#4e5359;--line:#cbced1;--surface:#f9fafb;--raised:#fff;--accent:#2b5fb3;--failure:#970b0a;--unknown:#630579;--normal:#1c6b34}
@media screen and (prefers-color-scheme:dark){:root{--text:#ebedef;--muted:#a9afb4;--line:#393e42;--surface:#1c1e21;--raised:#24272b;--accent:#7fb0f5;--failure:#f96055;--unknown:#e39cee;--normal:#6fcf8b}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1000px;padding:24px 16px 48px;background:var(--surface);color:var(--text);font:15px/22px system-ui,sans-serif}
h1{font-size:28px;line-height:36px;margin:4px 0}h2{font-size:20px;margin:36px 0 8px;padding-top:8px;border-top:1px solid var(--line)}h3{font-size:16px;margin:16px 0 4px}
a{color:var(--accent)}.muted{color:var(--muted)}.outcome{font-weight:600;font-size:18px}.passed{color:var(--normal)}.failed,.aborted{color:var(--failure)}.incomplete{color:var(--unknown)}
.box{border:1px solid var(--line);border-left:4px solid currentColor;border-radius:6px;background:var(--raised);padding:8px 14px;margin:12px 0}.box p,.box li{color:var(--text)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:600;overflow-wrap:normal}
.facts th{width:140px;font-weight:500;color:var(--muted);overflow-wrap:normal}.wide{overflow-x:auto}.wide table{min-width:620px}.wide td:first-child,.wide th:first-child{white-space:nowrap}
video{display:block;width:100%;border:1px solid var(--line);border-radius:6px;background:#000}
code,pre,.time{font:13px/20px ui-monospace,monospace;overflow-wrap:anywhere}pre{white-space:pre-wrap;border:1px solid var(--line);border-radius:6px;background:var(--raised);padding:8px 12px}
.jumps{display:flex;flex-wrap:wrap;gap:6px;list-style:none;padding:0;margin:8px 0 16px}.jumps button,button.time{border:1px solid var(--line);border-radius:4px;background:var(--raised);color:inherit;padding:2px 8px;min-height:28px;cursor:pointer;font:inherit}button.time{font:13px/20px ui-monospace,monospace}button:hover{border-color:var(--accent)}button:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
ol.notes{list-style:none;padding:0}ol.notes>li{display:grid;grid-template-columns:84px minmax(0,1fr) 300px;gap:4px 12px;align-items:start;margin:0;padding:8px 0;border-bottom:1px solid var(--line)}ol.notes>li.chapter{display:block;border:0;padding:20px 0 4px}li.chapter h3{margin:0;font-size:18px}li.chapter p{margin:2px 0}
ol.notes img{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:4px}svg{display:block;width:100%;height:auto;margin:8px 0}svg text{fill:var(--muted);font:11px system-ui,sans-serif}svg .grid{stroke:var(--line)}svg .phase{fill:var(--accent);opacity:.09}svg .rpo{fill:none;stroke:var(--accent);stroke-width:1.75}svg .writes{fill:var(--muted);opacity:.55}svg line.objective{stroke:var(--failure);stroke-dasharray:5 4}svg text.objective{fill:var(--failure)}
@media (max-width:640px){ol.notes>li{grid-template-columns:84px minmax(0,1fr)}ol.notes>li>a:last-child{grid-column:1/-1}.facts th{width:96px}}
.paper{display:none}
@media print{body{max-width:none;padding:0;font-size:11px;line-height:16px;background:#fff}h1{font-size:22px;line-height:28px}h2{font-size:15px;margin:22px 0 6px;break-after:avoid}h3{font-size:12px;break-after:avoid}.outcome{font-size:14px}
:root{--surface:#fff}video,.jumps{display:none}.paper{display:block}button.time{border:0;padding:0;min-height:0;background:none}code,pre,.time,button.time{font-size:9.5px;line-height:14px}
tr,ol.notes>li,.box,svg{break-inside:avoid}thead{display:table-header-group}.wide{overflow:visible}.wide table{min-width:0}ol.notes>li{grid-template-columns:52px minmax(0,1fr) 250px;padding:5px 0}li.chapter{break-after:avoid}li.chapter h3{font-size:13px}a{color:inherit;text-decoration:none}td,th{padding:2px 8px 2px 0}}`;

/** Its hash is what a served report may run. */
export const REPORT_SCRIPT = `document.addEventListener('click',function(event){var button=event.target.closest('[data-film]');var film=document.getElementById('film');
if(!button||!film)return;film.currentTime=Number(button.dataset.film);film.play();film.scrollIntoView({block:'nearest'});});`;
