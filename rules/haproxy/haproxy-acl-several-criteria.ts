import { type HaproxyPart, haproxyOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import type { HaproxyAcl, HaproxyTest } from '../../analysis/text/haproxy-directives';
import type { HaproxyWord } from '../../analysis/text/haproxy-words';
import type { Fix, Rule } from '../rule';
import { replaceText } from './text-edits';

export default {
  id: 'haproxy-acl-several-criteria',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'An acl line holds two criteria, of which HAProxy takes the second for a value.',
  why: 'HAProxy reads one criterion for a line, and everything behind it as values of which any may match. `acl is_sync path_beg /_matrix/client/ path_end /sync` is true for every request below `/_matrix/client/`: all client traffic goes to the synchrotrons.',
  remedy:
    'Write one criterion for a line. Two lines with one name mean "or"; for "and" name two acls in the condition, or say both in one `path_reg`.',
  traps: [
    'A value that only looks like a criterion, such as the method `GET`, is none.',
    'Several values behind one criterion are right: `path_end /sync /events`.',
  ],
  sources: ['HAProxy configuration manual, section 7.1, "ACL basics"'],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            acl is_sync path_beg /_matrix/client/ path_end /sync # long polling
      #                                           ^^^^^^^^ 💡 error: path_end begins no second criterion
            use_backend synchrotron if is_sync
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend synchrotron
            mode http
            server sync synapse-sync:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            acl is_sync path_reg ^/_matrix/client/.*/sync$ # long polling
            use_backend synchrotron if is_sync
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend synchrotron
            mode http
            server sync synapse-sync:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    for (const part of haproxy?.parts ?? []) {
      const { section } = part;
      const tests = section.directives.flatMap(({ condition }) => condition?.alternatives.flat() ?? []);
      const anonymous = tests.flatMap(({ anonymous }) => anonymous ?? []);
      for (const test of [...section.acls, ...anonymous]) {
        const later = test.laterCriteria.find(word => isMeant(word, test));
        const { criterion } = test;
        if (!later || !criterion) continue;
        yield {
          at: part.place(later.span),
          message: `${later.value} begins no second criterion here: HAProxy takes it for another value of ${criterion.word.value}, so ${'name' in test ? `${(test as HaproxyAcl).name.value} is` : 'this is'} true for more than is meant — write one criterion for a line.`,
          related: [{ at: part.place(criterion.word.span), message: 'The criterion of this line' }],
          fixes: () => asExpression(part, test, later),
        };
      }
    }
  },
} satisfies Rule;

/** Whether a value is meant as a criterion: it has values of its own behind it, or is a flag of the request. */
function isMeant(word: HaproxyWord, test: HaproxyTest): boolean {
  const at = test.values.indexOf(word);
  const isPlainWord = /^(?:base|query|status|int|str|bool|env|var|url|src|dst|method)$/.test(word.value);
  return at < test.values.length - 1 ? !isPlainWord || at > 0 : /\(|^ssl_fc$/.test(word.value);
}

/** The beginning and the end of a path in one regular expression. */
function asExpression(part: HaproxyPart, test: HaproxyTest, later: HaproxyWord): readonly Fix[] {
  const { criterion, values, flags } = test;
  const [first, second, last] = values;
  if (!criterion || !first || !last || second !== later || values.length !== 3 || flags.length > 0) return [];
  if (criterion.word.value !== 'path_beg' || later.value !== 'path_end') return [];
  const gap = first.value.endsWith('/') && last.value.startsWith('/') ? first.value.slice(0, -1) : first.value;
  const between = gap === first.value ? '.*' : '/.*';
  const expression = `^${literal(gap)}${between}${literal(last.value)}$`;
  if (/["'#\\\s]/.test(expression)) return [];
  const span = { start: criterion.word.span.start, end: last.span.end };
  return [
    {
      title: 'Say both in one path_reg',
      safe: true,
      edits: [replaceText(part, span, `path_reg ${expression}`)],
    },
  ];
}

/** A text in a regular expression, without backslashes, which HAProxy would take for itself. */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '[$&]');
}
