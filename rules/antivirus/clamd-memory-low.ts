import { imageName } from '../../analysis/images';
import { mountedTexts } from '../../analysis/mounts';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { bytesText, quantityOf } from '../../analysis/quantity';
import { scriptOf } from '../../analysis/scripts';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'clamd-memory-low',
  items: [],
  severity: 'warning',
  summary: 'clamd may not use the memory that its signatures need.',
  why: 'The signatures take about 1.2 GiB. Once a day clamd loads new ones beside the old ones and takes twice that; the kernel kills it when that is above the limit, and until it has started again nothing can be scanned.',
  remedy:
    'Set the limit to 3Gi or more, which ClamAV recommends. Or set `ConcurrentDatabaseReload no` in clamd.conf, so that scans wait while the signatures are loaded, and 2Gi.',
  traps: [
    'Reported below 2.4 GiB, or below 1.2 GiB with `ConcurrentDatabaseReload no`. A limit of 1Gi or less is an error, as clamd never starts with it.',
    'Without a limit nothing is reported, and neither is a container that runs freshclam alone.',
  ],
  sources: [
    'docs.clamav.net, ClamAV in Docker: memory requirements, 1.2 GiB for an engine, 2.4 GiB while it reloads, at least 3 GiB recommended',
  ],
  examples: {
    bad: example(
      '2Gi\n      #                     ^^^ 💡 warning: clamd may use 2Gi, and takes about 2.4Gi while it loads new signatures',
    ),
    good: example('3Gi'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of mainContainersOf(resource)) {
      const limit = container.value.at('resources', 'limits', 'memory');
      const bytes = quantityOf(limit.text);
      if (bytes === undefined || bytes >= reloading || !runsClamd(workspace, resource, container)) continue;
      const isBlocking = reloadsAlone(workspace, resource, container);
      if (isBlocking && bytes >= loaded) continue;
      const isHopeless = bytes <= 2 ** 30;
      const need = isBlocking || isHopeless ? loaded : reloading;
      yield {
        at: limit,
        ...(isHopeless ? { severity: 'error' as const } : {}),
        message: `clamd may use ${limit.text}, and takes about ${bytesText(need)} ${need === loaded ? 'for its signatures' : 'while it loads new signatures'} — set a limit of ${enough}.`,
        fixes: (): readonly Fix[] => {
          const edit = replaceScalar(limit, enough);
          return edit ? [{ title: `Set the limit to ${enough}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** What the signatures take, and twice that. */
const loaded = 1.2 * 2 ** 30;
const reloading = 2.4 * 2 ** 30;
const enough = '3Gi';

/** Whether a container runs clamd: its command says so, or its image starts it because no command is given. */
function runsClamd(workspace: Workspace, resource: Resource, container: Container): boolean {
  const { value, image, name } = container;
  // What only fetches signatures has the same image, and its name tells it.
  if (/fre?sh?-?clam|update|signature/i.test(name)) return false;
  const words = [...value.at('command').items(), ...value.at('args').items()].map(word => word.text ?? '');
  if (words.length === 0)
    return /clamav/.test(imageName(image)) && !/exporter|rest|api/.test(imageName(image)) && !isSwitchedOff(container);
  const text = [...words, scriptOf(workspace, resource, container)?.text.text ?? ''].join('\n');
  return (
    /(?:^|[\s/;&|(])clamd(?=$|[\s;&|)])/m.test(text.replace(/^[ \t]*#.*$/gm, '')) &&
    !/^clamdscan|nc$/.test(words[0] ?? '')
  );
}

/** The official image starts no clamd if this variable is set (docker-entrypoint.sh). */
function isSwitchedOff({ value }: Container): boolean {
  return value
    .at('env')
    .items()
    .some(one => one.at('name').text === 'CLAMAV_NO_CLAMD' && one.at('value').text !== 'false');
}

/** Whether the old signatures are given up before new ones are loaded. */
function reloadsAlone(workspace: Workspace, resource: Resource, container: Container): boolean {
  const texts = [
    ...mountedTexts(workspace, resource).map(({ value }) => value.text ?? ''),
    scriptOf(workspace, resource, container)?.text.text ?? '',
    ...container.value
      .at('env')
      .items()
      .map(one => `${one.at('name').text?.replace(/^CLAMD_CONF_/, '')} ${one.at('value').text}`),
  ];
  return texts.some(text => /^[^#\n]*\bConcurrentDatabaseReload[ \t]+(?:no|false|0)\b/im.test(text));
}

function example(memory: string): string {
  return `
      #- /clamav.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: clamav}
        template:
          metadata:
            labels: {app: clamav}
          spec:
            containers:
              - name: clamav
                image: clamav/clamav:1.4.2
                resources:
                  limits:
                    memory: ${memory}
    `;
}
