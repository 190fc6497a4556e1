import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import { environmentOf } from '../environment';
import { mainContainersOf } from '../pods';
import { workloads } from '../roles';
import { type GroupMember, members, type SecretGroup } from './members';
import { valueVariables, variablesIn } from './variables';

/** LiveKit’s keys and what lk-jwt-service signs tokens with (element-hq/lk-jwt-service README: LIVEKIT_KEY, LIVEKIT_SECRET). */
export function livekitGroups(workspace: Workspace): readonly SecretGroup[] {
  const servers = workloads(workspace, 'livekit').flatMap(one =>
    (configurationOf(workspace, one, 'livekit')?.files ?? []).flatMap(file => {
      // With several keys each client has one of them, and names do not tell which.
      const keys = parsed(file).root.at('keys').entries();
      return keys.length === 1 ? keys.map(([, secret]) => ({ one, file, secret })) : [];
    }),
  );
  const signers = (['Deployment', 'StatefulSet'] as const)
    .flatMap(kind => workspace.resources(kind))
    .flatMap(one => mainContainersOf(one).map(container => ({ one, container })))
    .filter(({ container }) => /(?:^|\/)(?:lk-jwt-service|element-call-backend)(?::|@|$)/.test(container.image));
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
        ...signed('LIVEKIT_KEY'),
      ],
    },
    {
      id: 'livekit-secret',
      title: 'the API secret of LiveKit',
      members: [
        ...servers.flatMap(({ one, file, secret }) => members(workspace, one, 'LiveKit', valueVariables(file, secret))),
        ...signed('LIVEKIT_SECRET'),
      ],
    },
  ];
}
