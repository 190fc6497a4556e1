import { configurationOf, parsed } from '../../analysis/configs';
import { type EnvironmentVariable, environmentOf, textOfVariable } from '../../analysis/environment';
import { type Container, mainContainersOf } from '../../analysis/pods';
import { workloads } from '../../analysis/roles';
import { mainProcesses, processKinds } from '../../analysis/synapse';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isJwtService } from '../services/listeners';

export default {
  id: 'lk-jwt-service-misconfigured',
  items: [],
  severity: 'error',
  summary: 'lk-jwt-service lacks a variable that it needs, or lets nobody of this homeserver begin a call.',
  why: 'The service is configured by its environment alone and ends at start without an address, a key and a secret of LiveKit. Users of homeservers that are not listed in `LIVEKIT_FULL_ACCESS_HOMESERVERS` may only join calls: where LiveKit makes no rooms by itself, they can begin none.',
  remedy:
    'Set `LIVEKIT_URL`, `LIVEKIT_KEY` and `LIVEKIT_SECRET` (or the names of files), and list the `server_name` of Synapse.',
  traps: [
    '`LIVEKIT_KEY_FROM_FILE`, `LIVEKIT_SECRET_FROM_FILE` and `LIVEKIT_KEY_FILE` are as good.',
    'What counts is `server_name`, not the address of the homeserver. `*` lists all.',
    'Without `room.auto_create: false` LiveKit makes rooms for everybody, so a wrong list is a warning then.',
  ],
  sources: [
    'element-hq/lk-jwt-service, README, "Configuration" and "Restricting room creation"; config.go, parseConfig',
  ],
  examples: {
    bad: example(''),
    good: example(`
                  - name: LIVEKIT_SECRET
                    valueFrom:
                      secretKeyRef: {name: livekit, key: secret}`),
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    for (const container of mainContainersOf(resource)) {
      if (!isJwtService(container)) continue;
      const { variables, isOpen } = environmentOf(workspace, resource, container);
      if (!isOpen) yield* missingVariables(container, variables);
      const bind = variables.get('LIVEKIT_JWT_BIND');
      if (bind && variables.has('LIVEKIT_JWT_PORT'))
        yield {
          at: bind.at.at('name').exists ? bind.at.at('name') : bind.at,
          severity: 'warning',
          message:
            'lk-jwt-service does not start with both LIVEKIT_JWT_BIND and LIVEKIT_JWT_PORT — keep LIVEKIT_JWT_BIND.',
        };
      yield* accessProblem(workspace, resource, variables);
    }
  },
} satisfies Rule;

type Variables = ReadonlyMap<string, EnvironmentVariable>;

const needed: readonly (readonly [string, readonly string[]])[] = [
  ['LIVEKIT_URL', []],
  ['LIVEKIT_KEY', ['LIVEKIT_KEY_FROM_FILE', 'LIVEKIT_KEY_FILE']],
  ['LIVEKIT_SECRET', ['LIVEKIT_SECRET_FROM_FILE', 'LIVEKIT_KEY_FILE']],
];

function* missingVariables(container: Container, variables: Variables): Iterable<Problem> {
  const missing = needed.filter(([name, others]) => ![name, ...others].some(one => variables.has(one)));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  yield {
    at: container.value.at('name'),
    message: `lk-jwt-service does not start without ${names.join(' and ')} — add ${names.length > 1 ? 'them' : 'it'} to env.`,
  };
}

function* accessProblem(workspace: Workspace, resource: Resource, variables: Variables): Iterable<Problem> {
  const variable = variables.get('LIVEKIT_FULL_ACCESS_HOMESERVERS') ?? variables.get('LIVEKIT_LOCAL_HOMESERVERS');
  const text = textOfVariable(workspace, resource, variable);
  if (!variable || text === undefined || findPlaceholders(text, 'value').length > 0 || /[$%{]/.test(text)) return;
  const listed = text.split(/[\s,]+/).filter(one => one !== '');
  const names = mainProcesses(workspace)
    .filter(process => !process.isLi && process.homeserver?.isPartial === false)
    .flatMap(process => process.homeserver?.at('server_name') ?? []);
  const [name] = names;
  if (!name?.text || findPlaceholders(name.text, 'value').length > 0 || listed.includes('*')) return;
  if (names.some(one => listed.includes(one.text ?? '')) || !/^[\w.-]+(?::\d+)?$/.test(name.text)) return;
  const isStrict = workloads(workspace, 'livekit').some(livekit =>
    configurationOf(workspace, livekit, 'livekit')?.files.some(
      file => !file.isOpaque && parsed(file).root.at('room', 'auto_create').boolean === false,
    ),
  );
  yield {
    at: variable.value ?? variable.at,
    ...(!isStrict && { severity: 'warning' as const }),
    message: `${variable.name} does not list ${name.text}, the server_name of this homeserver, so its users can${isStrict ? ' begin no calls' : 'not have rooms made for them'} — add it.`,
    related: [{ at: name, message: 'server_name' }],
  };
}

function example(secret: string): string {
  return `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: lk-jwt-service
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: lk-jwt-service
${secret === '' ? '      #               ^^^^^^^^^^^^^^ error: lk-jwt-service does not start without LIVEKIT_SECRET\n' : ''}                image: ghcr.io/element-hq/lk-jwt-service:0.3.0
                env:
                  - name: LIVEKIT_URL
                    value: wss://livekit.tessera.test
                  - name: LIVEKIT_KEY
                    valueFrom:
                      secretKeyRef: {name: livekit, key: key}${secret}
    `;
}
