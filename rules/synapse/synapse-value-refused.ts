import type { Option } from '../../analysis/completion/option-table';
import { synapseOptions } from '../../analysis/completion/synapse-options';
import type { HomeserverLayer } from '../../analysis/homeserver';
import { instanceOf, processKinds, synapseProcess } from '../../analysis/synapse';
import { perName } from '../../manifests/derived';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { reportedLayers } from './instances';
import { judged } from './option-values';
import { lacksPreviewRanges, listenersWithTls, refusedTogether } from './options-together';

export default {
  id: 'synapse-value-refused',
  items: [],
  severity: 'error',
  summary: 'An option of homeserver.yaml has a value that Synapse does not take.',
  why: 'Synapse reads sizes as `50M`, durations as `1h`, and lists as lists. At most other values it stops before it listens; others it takes for something else: the text `"false"` counts as true, and a text in place of a list is read letter by letter.',
  remedy: 'Write the value as the configuration manual describes the option.',
  traps: [
    'Sizes end in one of K, M, G and T, durations in one of s, m, h, d, w and y, or in a digit: `100MB` and `1 hour` are refused.',
    'A time without a unit is one of milliseconds, so `media_retention` with `90` deletes everything at once. Times that are far too short as milliseconds are reported; 0 is not.',
    '`enable_registration: "false"` is read as false; other switches are on with any text.',
    'A value that a script puts in is not judged.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/_base.py: parse_size, parse_duration, read_config_files',
    'element-hq/synapse, synapse/config/server.py: server_name, public_baseurl, web_client_location, parse_listener_def; workers.py: WriterLocations; repository.py: url_preview_ip_range_blacklist; tls.py; database.py: "Unsupported database type"',
    'element-hq/synapse, synapse/config/auth.py, mas.py and experimental.py: "Password auth cannot be enabled when OAuth delegation is enabled", "Registration cannot be enabled …"',
    'twisted, threadpool: the smallest number of threads may not exceed the largest; libpq, sslrootcert',
  ],
  examples: {
    bad: example(
      '100MB\n      #                    ^^^^^ 💡 error: Synapse takes no size such as 100MB for max_upload_size',
      '[client, federations]\n      #                           ^^^^^^^^^^^ 💡 error: Synapse knows no resource federations — did you mean federation?',
    ),
    good: example('100M', '[client, federation]'),
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    const judge = process.isLi ? judgedOfLi : judgedOfMain;
    for (const layer of reportedLayers(instanceOf(workspace, resource), process)) {
      if (layer.file.isOpaque) continue;
      for (const [key] of layer.root.entries()) yield* judge(layer, key);
    }
    const { homeserver } = process;
    if (!homeserver) return;
    const { main, workers } = instanceOf(workspace, resource);
    yield* workspace.derive(judgedTogether, resource);
    // The option mostly stands in a file that all processes read; it is told of the first that refuses it.
    const refusing = [...(main ? [main] : []), ...workers].find(lacksPreviewRanges);
    if (refusing === process)
      yield {
        at: homeserver.at('url_preview_enabled'),
        message:
          'url_preview_enabled needs url_preview_ip_range_blacklist, without which Synapse does not start — list the internal addresses there.',
      };
  },
} satisfies Rule;

/** What is wrong below one option of a file, each on its own, so that a letter typed in one has no other judged again. */
const judgedOfMain = perName((layer: HomeserverLayer, key: string) => judgedLayer(layer, key, false));

const judgedOfLi = perName((layer: HomeserverLayer, key: string) => judgedLayer(layer, key, true));

function judgedLayer({ root, file }: HomeserverLayer, path: string, isLi: boolean): readonly Problem[] {
  const option = optionNamed(path);
  return option ? [...judged(option, root.at(path), { file, isLi, path })] : [];
}

function optionNamed(name: string): Option | undefined {
  byName ??= new Map(synapseOptions().map(option => [option.name, option]));
  return byName.get(name);
}

let byName: ReadonlyMap<string, Option> | undefined;

/** On its own, because a letter of most options has none of this judged again. */
function judgedTogether(resource: Resource, workspace: Workspace): readonly Problem[] {
  const process = synapseProcess(workspace, resource);
  const homeserver = process?.homeserver;
  if (!homeserver) return [];
  const isMain = instanceOf(workspace, resource).main === process;
  return [...(isMain ? refusedTogether(process, homeserver) : []), ...listenersWithTls(process, homeserver)];
}

function example(upload: string, names: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          report_stats: false
          max_upload_size: ${upload}
          listeners:
            - type: http
              port: 8008
              resources:
                - names: ${names}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `;
}
