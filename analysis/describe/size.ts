import type { Value } from '../../manifests/value';

/** How many bytes a container gets from a scalar under `data` of a Secret; undefined if it is no base64. */
export function decodedSize(value: Value): number | undefined {
  // Go's decoder skips line breaks and wants the padding.
  const text = value.text?.replace(/[\r\n]/g, '');
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

/** How many bytes a scalar under `stringData` of a Secret, or `data` of a ConfigMap, becomes. */
export function writtenSize(value: Value): number | undefined {
  return value.text === undefined ? undefined : new TextEncoder().encode(value.text).length;
}

/** `24 bytes`, `1.5 KiB`. */
export function sizeText(bytes: number): string {
  if (bytes === 0) return 'empty';
  if (bytes === 1) return '1 byte';
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1).replace(/\.0$/, '')} KiB`;
}
