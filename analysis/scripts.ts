import { concatenate, type MappedText, slice } from '../manifests/mapped-text';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { isBelow, mountAt, textsOfVolume, volumeOf } from './mounts';
import type { Container } from './pods';

/** A shell script that a container runs, and the scalar it stands in. */
export interface ContainerScript {
  readonly text: MappedText;
  readonly value: Value;
  /** The words after it, from `$1` on. */
  readonly args: readonly Value[];
}

/**
 * The shell script that a container runs: the text after `sh -c` with the mounted scripts that it calls, or the mounted
 * file that its command names. Undefined if it runs a program directly, or a script of its image.
 */
export function scriptOf(workspace: Workspace, resource: Resource, container: Container): ContainerScript | undefined {
  const script = startScriptOf(workspace, resource, container);
  if (!script || !/\.(?:ba)?sh\b/.test(script.text.text)) return script;
  const called = calledScripts(script.text.text).flatMap(path => {
    const file = mountedFile(workspace, resource, container, path);
    return file && !file.isAt(script.value) ? [file.mapped] : [];
  });
  if (called.length === 0) return script;
  // No line can be inserted by one indentation into what stands in several files.
  const text = concatenate([script.text, ...called.flatMap(one => [lineBreak(script.text), one])]);
  return { ...script, text: { text: text.text, place: text.place, linePrefix: undefined } };
}

/** The mounted scripts that a script may start. */
function calledScripts(text: string): readonly string[] {
  return [...new Set(scriptCalls(text).map(({ path }) => path))].slice(0, 8);
}

/** Where a script starts another by its path: `exec bash /scripts/setup.sh`, `. /scripts/lib.sh`, `/scripts/run.sh`. */
export function scriptCalls(text: string): readonly { readonly path: string; readonly start: number }[] {
  const calls = text.matchAll(
    /(?:^|[\n;&|{(])[ \t]*(?:exec[ \t]+)?(?:(?:\.|source|(?:ba|da|a)?sh(?:[ \t]+-\w+)*)[ \t]+)?["']?(\/[\w./-]+\.(?:ba)?sh)\b/g,
  );
  return [...calls].map(({ 0: call, 1: path = '', index }) => ({ path, start: index + call.length - path.length }));
}

function lineBreak(near: MappedText): MappedText {
  const { length } = near.text;
  return { text: '\n', place: () => near.place(length, length), linePrefix: undefined };
}

/** As {@link scriptOf}, without the scripts that it calls. */
export function startScriptOf(
  workspace: Workspace,
  resource: Resource,
  container: Container,
): ContainerScript | undefined {
  const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
  const at = words.findIndex((word, index) => /^-\w*c$/.test(word.text ?? '') && words.slice(0, index).some(isShell));
  const inline = at === -1 ? undefined : words[at + 1];
  if (inline?.text !== undefined) return { text: inline.mapped, value: inline, args: words.slice(at + 3) };
  for (const [index, word] of words.entries()) {
    const path = word.text;
    const file = path?.startsWith('/') ? mountedFile(workspace, resource, container, path) : undefined;
    if (file && (words.some(isShell) || /^#!.*\bsh\b|^#!.*bash/.test(file.string ?? '') || /\.sh$/.test(path ?? '')))
      return { text: file.mapped, value: file, args: words.slice(index + 1) };
  }
  return undefined;
}

/**
 * The command of a container that starts a program without a shell, as the shell script that does the same. The kubelet
 * puts variables in for `$(NAME)` (https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/).
 * Undefined without a `command`, unless the program is given that the image starts.
 */
export function commandAsScript(container: Container, entrypoint?: string): MappedText | undefined {
  const words = [...container.value.at('command').items(), ...container.value.at('args').items()];
  const program = container.value.at('command').exists ? '' : entrypoint;
  if (program === undefined || words.some(word => word.text === undefined)) return undefined;
  const defined = new Set(
    container.value
      .at('env')
      .items()
      .map(one => one.at('name').text),
  );
  const [first] = words;
  if (!first) return undefined;
  const instead = (word: Value, text: string): MappedText => ({
    text,
    place: () => word.mapped.place(0, word.mapped.text.length),
    linePrefix: undefined,
  });
  return concatenate([
    ...(program === '' ? [] : [instead(first, `${program} `)]),
    ...words.flatMap(word => {
      const sign = (text: string): MappedText => instead(word, text);
      const parts: MappedText[] = [sign("'")];
      let from = 0;
      const { text } = word.mapped;
      for (const match of text.matchAll(/'|\$\((\w+)\)/g)) {
        const name = match[1];
        if (name !== undefined && !defined.has(name) && !container.value.at('envFrom').exists) continue;
        const end = match.index + match[0].length;
        if (match.index > from) parts.push(slice(word.mapped, { start: from, end: match.index }));
        parts.push(sign(name === undefined ? "'\\''" : `'"\${${name}}"'`));
        from = end;
      }
      if (from < text.length) parts.push(slice(word.mapped, { start: from, end: text.length }));
      return [...parts, sign("' ")];
    }),
  ]);
}

/** The text of a ConfigMap or Secret key that a container sees at a path. */
export function mountedFile(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): Value | undefined {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  if (!mount || !volume) return undefined;
  const inVolume = pathInVolume(mount.mountPath, mount.subPath, path);
  return textsOfVolume(workspace, resource, volume).find(text => text.path === inVolume)?.value;
}

/** Where a container's path lies inside the volume that is mounted there. */
export function pathInVolume(mountPath: string, subPath: string | undefined, path: string): string {
  if (!isBelow(path, mountPath)) return path;
  const rest = path.slice(mountPath === '/' ? 1 : mountPath.length + 1);
  return [subPath?.replace(/^\/|\/$/g, ''), rest].filter(part => part).join('/');
}

function isShell(word: Value): boolean {
  return /(?:^|\/)(?:ba|da|a|z)?sh$/.test(word.text ?? '');
}
