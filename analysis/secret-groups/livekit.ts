import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import { environmentOf } from '../environment';
import { programOf } from '../images';
import { mainContainersOf } from '../pods';
import { workloads } from '../roles';
import { type GroupMember, members, type SecretGroup } from './members';
import { valueVariables, variablesIn } from './variables';

/** LiveKit’s keys and what lk-jwt-service signs tokens with (element-hq/lk-jwt-service README: LIVEKIT_KEY, LIVEKIT_SECRET). */
export function livekitGroups(workspace: Workspace): readonly SecretGroup[] {
  const livekits = workloads(workspace, 'livekit');
  const given = livekits.map(one => keysInVariable(workspace, one));
  const servers = livekits.flatMap((one, at) =>
    // What stands in the file is not read then (livekit pkg/config/config.go, updateFromCLI).
    (given[at] ? [] : (configurationOf(workspace, one, 'livekit')?.files ?? [])).flatMap(file => {
      // With several keys each client has one of them, and names do not tell which.
      const keys = parsed(file).root.at('keys').entries();
      return keys.length === 1 ? keys.map(([, secret]) => ({ one, file, secret })) : [];
    }),
  );
  const signers = (['Deployment', 'StatefulSet'] as const)
    .flatMap(kind => workspace.resources(kind))
    .flatMap(one => mainContainersOf(one).map(container => ({ one, container })))
    .filter(({ container }) => programOf(container.image) === 'lk-jwt-service');
  const signed = (name: string): readonly GroupMember[] =>
    signers.flatMap(({ one, container }) =>
      members(
        workspace,
        one,
        'lk-jwt-service',
        [environmentOf(workspace, one, container).variables.get(name)].flatMap(variable => variable ?? []),
      ),
    );
  return [
    {
      id: 'livekit-key',
      title: 'the API key of LiveKit',
      members: [
        ...servers.flatMap(({ one, file, secret }) =>
          members(workspace, one, 'LiveKit', variablesIn(file, secret.keySpan)),
        ),
        ...given.flatMap(one => one?.names ?? []),
        ...signed('LIVEKIT_KEY'),
      ],
    },
    {
      id: 'livekit-secret',
      title: 'the API secret of LiveKit',
      members: [
        ...servers.flatMap(({ one, file, secret }) => members(workspace, one, 'LiveKit', valueVariables(file, secret))),
        ...given.flatMap(one => one?.secrets ?? []),
        ...signed('LIVEKIT_SECRET'),
      ],
    },
  ];
}

/** The one key in `LIVEKIT_KEYS`: put together from two variables, or as a line of a Secret. Undefined without the variable. */
function keysInVariable(workspace: Workspace, livekit: Resource) {
  const [container] = mainContainersOf(livekit);
  const variables = container && environmentOf(workspace, livekit, container).variables;
  const given = variables?.get('LIVEKIT_KEYS');
  if (!variables || !given) return undefined;
  const [, name, secret] = /^\s*\$\((\w+)\):\s+\$\((\w+)\)\s*$/.exec(given.value?.text ?? '') ?? [];
  const of = (variable: string | undefined): readonly GroupMember[] =>
    members(
      workspace,
      livekit,
      'LiveKit',
      [variable === undefined ? undefined : variables.get(variable)].flatMap(one => one ?? []),
    );
  const written = members(workspace, livekit, 'LiveKit', [given]).flatMap((member): readonly GroupMember[] => {
    const [[key, value] = [], other] = member.entry.isEncoded ? [] : member.entry.value.embedded().root.entries();
    if (key === undefined || value?.string === undefined || other) return [];
    return [
      { ...member, entry: { key: `${key} in ${member.entry.key}`, value, isEncoded: false, text: value.string } },
    ];
  });
  return { names: of(name), secrets: [...of(secret), ...written] };
}
