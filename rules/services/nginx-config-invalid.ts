import { readNginx } from '../../analysis/text/nginx-conf';
import { nginxFaults, unresolvedFaults } from '../../analysis/text/nginx-faults';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'nginx-config-invalid',
  items: [],
  severity: 'error',
  summary: 'nginx refuses its configuration.',
  why: 'nginx stops with `[emerg]` before it answers a single request, and its pods restart for ever.',
  remedy: 'Correct what the message says; `nginx -t` tells the rest.',
  traps: [
    'Directives of modules that are not known here are accepted; only what looks like a slip of a known one is reported.',
    'Where a file that is included is taken in is not known, so its outermost directives may stand anywhere.',
    'Files with blocks in another language, as those of Lua, and templates of Helm are not judged.',
  ],
  sources: [
    'nginx, src/core/ngx_conf_file.c; documentation, "Alphabetical index of directives" with the context of each',
    'nginx documentation, ngx_http_proxy_module, proxy_pass; ngx_http_upstream_module',
  ],
  examples: {
    bad: `
      #- /router.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: router
        namespace: matrix
      data:
        default.conf: |
          server {
            listen 8080
      #     ^^^^^^^^^^^ 💡 error: The directive listen is not ended by a semicolon
            location / {
              proxy_pass http://synapse:8008;
            }
          }
    `,
    good: `
      #- /router.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: router
        namespace: matrix
      data:
        default.conf: |
          server {
            listen 8080;
            location / {
              proxy_pass http://synapse:8008;
            }
          }
    `,
  },
  kinds: ['ConfigMap', 'Secret'],
  *check(resource, workspace) {
    const { root, kind } = resource;
    for (const field of kind === 'Secret' ? ['stringData'] : ['data']) {
      for (const [key, file] of root.at(field).entries()) {
        const text = isNginxKey.test(key) ? configurationIn(file) : undefined;
        if (text === undefined) continue;
        const config = readNginx(text);
        const faults = [...nginxFaults(text, config)];
        const beside = faults.length > 0 ? undefined : textsBeside(workspace, resource, file);
        const unresolved = beside === undefined ? [] : unresolvedFaults(text, config, beside);
        // What is included into another file may find there what it lacks, if the image has one of its own.
        const isWhole = config.directives.some(({ name, block }) => name.value === 'http' && block);
        for (const { span, what, advice, edit } of [...faults, ...unresolved])
          yield {
            ...(faults.length === 0 && !isWhole && { severity: 'warning' }),
            at: file.part(span.start, span.end),
            message: `${what} — ${advice}${advice.startsWith('did') ? '?' : '.'}`,
            fixes: () =>
              edit
                ? [
                    {
                      title: edit.title,
                      safe: false,
                      edits: [{ at: file.part(edit.span.start, edit.span.end), newText: edit.newText }],
                    },
                  ]
                : [],
          } satisfies Problem;
      }
    }
  },
} satisfies Rule;

const isNginxKey = /\.(?:conf|inc|nginx|template|tmpl|tpl)$|nginx/i;

/** The text of a file if it is a configuration of nginx that can be judged as it is written. */
function configurationIn(file: Value): string | undefined {
  const text = file.text ?? '';
  const isNginx =
    /^\s*(?:(?:server|http)\s*\{|(?:location|upstream)\s[^\n;#]*\{)/m.test(text) &&
    /^\s*(?:listen|proxy_pass|proxy_set_header|server_name|return|root)\s[^\n]*;/m.test(text);
  return isNginx && !notJudged.test(text) ? text : undefined;
}

/**
 * The other configurations of nginx in the namespace, which may define variables and a resolver. Undefined if a file is
 * taken in that none of them is: what it defines is not known.
 */
function textsBeside(workspace: Workspace, { namespace }: Resource, file: Value): readonly string[] | undefined {
  const all = workspace.lookup(nginxFiles, namespace ?? '');
  const beside = all.flatMap(({ value, text }) => (value.name === file.name ? [] : [text]));
  const known = new Set(all.map(({ value }) => String(value.name)));
  const taken = [...(file.text ?? '').matchAll(/^\s*include\s+([^;\s]+)/gm)].map(([, path = '']) => path);
  const isKnown = taken.every(
    path => /mime\.types$|[?*[]/.test(path) || known.has(path.slice(path.lastIndexOf('/') + 1)),
  );
  return isKnown ? beside : undefined;
}

const nginxFiles: Index<{ readonly value: Value; readonly text: string }> = {
  name: 'configurations of nginx by namespace',
  *resource({ kind, namespace, root }) {
    if (kind !== 'ConfigMap') return;
    for (const [key, value] of root.at('data').entries()) {
      const text = isNginxKey.test(key) ? (value.text ?? '') : '';
      if (/[;{}]/.test(text)) yield [namespace ?? '', { value, text }];
    }
  },
  equal: (a, b) => a.value === b.value && a.text === b.text,
};

/** Other languages in a block, and templates that something writes out first. */
const notJudged = /_by_lua(?:_block|\b)|\bjs_(?:content|import)\b|\bperl\b|\{\{|<%|__[A-Z]\w*__|@[A-Z_]{3,}@/;
