/** The colours of a picture, in any notation of CSS. */
export interface Palette {
  readonly page: string;
  readonly box: string;
  readonly border: string;
  readonly text: string;
  readonly detail: string;
  readonly main: string;
  readonly li: string;
  readonly outside: string;
  readonly allowed: string;
  readonly blocked: string;
  readonly unknown: string;
  readonly open: string;
}

/** Every colour of text stands out from `page` and `box` by at least 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const lightPalette: Palette = {
  page: '#ffffff',
  box: '#f6f8fa',
  border: '#c3cad3',
  text: '#1f2328',
  detail: '#57606a',
  main: '#0969da',
  li: '#8250df',
  outside: '#6e7781',
  allowed: '#3c7a57',
  blocked: '#c4232e',
  unknown: '#8a5a00',
  open: '#6e5a9e',
};

export const darkPalette: Palette = {
  page: '#14171b',
  box: '#1f242b',
  border: '#465060',
  text: '#e6e9ed',
  detail: '#a9b2bd',
  main: '#58a6ff',
  li: '#bc8cff',
  outside: '#8b949e',
  allowed: '#74c69d',
  blocked: '#ff8a84',
  unknown: '#e3b341',
  open: '#b9a5e8',
};

/** The style sheet of a picture. What is blocked, uncertain or needless differs by its line as well as by its colour. */
export function svgStyle(palette: Palette): string {
  const { page, box, border, text, detail } = palette;
  const verdicts = (['allowed', 'blocked', 'unknown', 'open'] as const)
    .map(
      verdict =>
        `.network .${verdict} .line{stroke:${palette[verdict]}}.network .${verdict} .pill{stroke:${palette[verdict]}}.network .${verdict} .port{fill:${palette[verdict]}}.network .arrow.${verdict}{fill:${palette[verdict]}}`,
    )
    .join('');
  const instances = (['main', 'li', 'outside'] as const)
    .map(instance => `.network .${instance} .stripe{fill:${palette[instance]}}`)
    .join('');
  return [
    '.network{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}',
    `.network .page{fill:${page}}.network .heading{fill:${text};font-size:20px;font-weight:650}.network .subheading{fill:${detail};font-size:13px}`,
    `.network .box{fill:${box};stroke:${border}}.network .name{fill:${text};font-size:13px;font-weight:600}.network .detail{fill:${detail};font-size:11px}`,
    '.network .outside .box{stroke-dasharray:4 3}',
    `.network .unprotected .box{stroke:${palette.unknown};stroke-width:1.5}`,
    `.network .line{fill:none;stroke-width:1.3;stroke-opacity:.75}.network .pill{fill:${page};stroke-width:1}.network .port{font-size:10.5px;font-weight:600;text-anchor:middle;font-variant-numeric:tabular-nums}.network .port.start{text-anchor:start;font-size:11.5px;font-weight:500}`,
    '.network .blocked .line{stroke-width:2.4;stroke-opacity:1}.network .blocked .pill{stroke-width:1.8}',
    '.network .unknown .line{stroke-dasharray:6 4;stroke-opacity:1}.network .open .line{stroke-dasharray:1.5 3.5}',
    '.network .allowed .pill{stroke-opacity:.35}.network .open .pill{stroke-dasharray:2 2}',
    verdicts,
    instances,
  ].join('');
}
