import type { Uri, Webview } from 'vscode';
import { svgStyle } from '../../picture/palette';

/** The page of the network: no address but that of its own script, and no style or script without the nonce. */
export function networkPage(webview: Webview, script: Uri): string {
  const nonce = crypto.randomUUID().replaceAll('-', '');
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Network</title>
<style nonce="${nonce}">${svgStyle(colours)}${style}</style>
</head>
<body>
<main>
<h1>Network</h1>
<p id="summary" role="status">Reading the manifests…</p>
<div class="bar">
<label>Instance <select id="instance"></select></label>
<label>Namespace <select id="namespace"></select></label>
<fieldset><legend>Show</legend>
<label class="blocked"><input type="checkbox" value="blocked"> <span aria-hidden="true">✕</span> blocked</label>
<label class="unknown"><input type="checkbox" value="unknown"> <span aria-hidden="true">?</span> not certain</label>
<label class="allowed"><input type="checkbox" value="allowed"> <span aria-hidden="true">✓</span> allowed</label>
<label class="open"><input type="checkbox" value="open"> <span aria-hidden="true">○</span> open, not needed</label>
<label><input type="checkbox" id="metrics"> working metrics</label>
</fieldset>
<button type="button" id="export">Export SVG…</button>
</div>
<div class="tabs"><div role="tablist" aria-label="Views of the network">
<button type="button" role="tab" id="tab-picture" aria-controls="picture">Picture</button>
<button type="button" role="tab" id="tab-matrix" aria-controls="matrix">Matrix</button>
<button type="button" role="tab" id="tab-list" aria-controls="list">List</button>
</div>
<span class="zoom"><button type="button" id="smaller" aria-label="Zoom out">−</button><button type="button" id="larger" aria-label="Zoom in">+</button><button type="button" id="fit">Fit</button></span>
</div>
<section id="picture" role="tabpanel" aria-labelledby="tab-picture"><div id="canvas" tabindex="0" role="region" aria-label="Picture of the network"></div><p id="details" aria-live="polite"></p></section>
<section id="matrix" role="tabpanel" aria-labelledby="tab-matrix" tabindex="0" hidden></section>
<section id="list" role="tabpanel" aria-labelledby="tab-list" tabindex="0" hidden></section>
</main>
<script nonce="${nonce}" src="${webview.asWebviewUri(script)}"></script>
</body>
</html>
`;
}

/** The theme's colours. High contrast themes have no fills of their own, so the contrast border outlines the boxes. */
const colours = {
  page: 'var(--vscode-editor-background)',
  box: 'var(--vscode-editorWidget-background)',
  border: 'var(--vscode-contrastBorder, var(--vscode-editorWidget-border, var(--vscode-panel-border)))',
  text: 'var(--vscode-editor-foreground)',
  detail: 'var(--muted)',
  main: 'var(--vscode-charts-blue)',
  li: 'var(--vscode-charts-purple)',
  outside: 'var(--muted)',
  allowed: 'var(--allowed)',
  blocked: 'var(--blocked)',
  unknown: 'var(--unknown)',
  open: 'var(--open)',
};

// The colours of verdicts are the report's: themes' own reds and yellows are made for icons and are too pale for text.
const style = `
:root, body.vscode-light { --muted: #57606a; --edge: #8c959f88; --allowed: #2f6b49; --blocked: #b81c27; --unknown: #7d5000; --open: #5f4a90; }
body.vscode-dark { --edge: #8b949e88; --muted: #a9b2bd; --allowed: #74c69d; --blocked: #ff8a84; --unknown: #e3b341; --open: #b9a5e8; }
body.vscode-high-contrast { --edge: #ffffff; --muted: #ffffff; --allowed: #89f0b6; --blocked: #ff9d98; --unknown: #ffd454; --open: #d3c3ff; }
body.vscode-high-contrast-light { --edge: #292929; --muted: #292929; --allowed: #0b4a2a; --blocked: #8f0a14; --unknown: #5c3a00; --open: #3f2a78; }
body { color: var(--vscode-editor-foreground); background: var(--vscode-editor-background); font: var(--vscode-font-size) var(--vscode-font-family); padding: 0; margin: 0; }
main { display: flex; flex-direction: column; height: 100vh; box-sizing: border-box; padding: 12px 16px; gap: 8px; }
h1 { font-size: 1.4em; font-weight: 600; margin: 0; }
h2 { margin: 1em 0 .3em; font-size: 1.05em; }
p { margin: 0; }
#summary, #details { color: var(--muted); }
#details { min-height: 3.2em; max-height: 7em; overflow: auto; padding-top: 6px; white-space: pre-line; }
[hidden] { display: none !important; }
.bar, .tabs { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; }
.tabs { gap: 0; border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border, #8888)); }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
legend { float: left; margin-right: 4px; padding: 0; }
label { display: inline-flex; align-items: center; gap: 5px; }
input[type=checkbox] { accent-color: var(--vscode-button-background); margin: 0; }
select { color: var(--vscode-dropdown-foreground); background: var(--vscode-dropdown-background); border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder, transparent)); padding: 3px 4px; border-radius: 2px; font: inherit; }
button { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, var(--edge))); border-radius: 3px; padding: 3px 10px; font: inherit; cursor: pointer; }
button:hover { background: var(--vscode-button-secondaryHoverBackground); }
[role=tab] { color: var(--vscode-editor-foreground); background: none; border: 0; border-bottom: 2px solid transparent; border-radius: 0; padding: 6px 12px; }
[role=tab]:hover { background: none; }
[role=tab][aria-selected=true] { border-bottom-color: var(--vscode-focusBorder); font-weight: 600; }
.zoom { margin-left: auto; display: flex; gap: 4px; padding-bottom: 4px; }
:focus-visible { outline: 2px solid var(--vscode-focusBorder); outline-offset: -1px; }
section { flex: 1; min-height: 0; overflow: auto; }
#picture { display: flex; flex-direction: column; }
#canvas { flex: 1; min-height: 0; overflow: auto; }
#canvas svg { display: block; margin: 0 auto; }
#canvas :is(.node, .edge) { cursor: pointer; outline: none; }
#canvas .hit { fill: none; stroke: transparent; stroke-width: 12; pointer-events: stroke; }
#canvas .faint { opacity: .25; }
#canvas .node:focus-visible .box, #canvas .node.chosen .box { stroke: var(--vscode-focusBorder); stroke-width: 3; stroke-dasharray: none; }
#canvas .edge:focus-visible .pill, #canvas .edge.chosen .pill { stroke: var(--vscode-focusBorder); stroke-width: 3; stroke-opacity: 1; }
#canvas .edge:is(:hover, :focus-visible, .chosen) .line { stroke-width: 3; stroke-opacity: 1; }
.blocked { color: var(--blocked); } .unknown { color: var(--unknown); } .allowed { color: var(--allowed); } .open { color: var(--open); }
li { margin: 4px 0; color: var(--vscode-editor-foreground); }
ul { margin: 0; padding-left: 1.4em; }
.link { color: var(--vscode-textLink-foreground); background: none; border: 0; padding: 0; text-decoration: underline; }
.link:hover { background: none; color: var(--vscode-textLink-activeForeground); }
table { border-collapse: separate; border-spacing: 0; font-size: .92em; }
caption { text-align: left; padding: 6px 0; color: var(--muted); }
th, td { border: 0 solid var(--vscode-contrastBorder, var(--vscode-panel-border, #8886)); border-width: 0 1px 1px 0; padding: 3px 6px; text-align: left; vertical-align: top; white-space: nowrap; }
thead th { position: sticky; top: 0; background: var(--vscode-editor-background); vertical-align: bottom; font-weight: 600; border-top-width: 1px; z-index: 1; }
tbody th { position: sticky; left: 0; background: var(--vscode-editor-background); font-weight: 600; border-left-width: 1px; }
thead th:first-child { left: 0; z-index: 2; border-left-width: 1px; }
.turned { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.cell { display: block; position: relative; }
.words { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
