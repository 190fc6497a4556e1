import type { Workspace } from '../../manifests/workspace';
import type { EffectiveFile } from '../effective';
import { allRoutes } from '../routes';
import { processes } from '../synapse';
import { type Candidate, distinct } from './candidate';

/** The names under which browsers and apps reach what the tree deploys: hosts of Ingresses and other routes and names in certificates. */
export function publicNames(workspace: Workspace): readonly Candidate[] {
  const fromRoutes = allRoutes(workspace)
    .filter(({ host }) => host !== '*' && host !== '')
    .map(({ host, name, source }) => ({
      label: host,
      kind: 'host' as const,
      detail: name === undefined ? source.title : `${source.title} to Service/${name}`,
      rank: 0 as const,
    }));
  const fromCertificates = workspace.resources('Certificate.cert-manager.io').flatMap(certificate =>
    certificate.root
      .at('spec', 'dnsNames')
      .items()
      .flatMap(name => name.text ?? [])
      .map(label => ({ label, kind: 'host' as const, detail: certificate.title, rank: 1 as const })),
  );
  return distinct([...fromRoutes, ...fromCertificates, ...serverNames(workspace), ...turnHosts(workspace)]);
}

/** The domains in user ids. */
export function serverNames(workspace: Workspace): readonly Candidate[] {
  return distinct(
    processes(workspace).flatMap(({ homeserver, resource }) => {
      const name = homeserver?.at('server_name').string;
      return homeserver && name !== undefined && !isFromSecret(homeserver.layer('server_name').file)
        ? [{ label: name, kind: 'host' as const, detail: `server_name of ${resource.title}`, rank: 1 as const }]
        : [];
    }),
  );
}

/** Whether a Secret has a part of a file, so that nothing of it may be shown. */
export function isFromSecret({ sources }: EffectiveFile): boolean {
  return sources.some(value => value.parent?.parent?.at('kind').text === 'Secret');
}

/** The hosts that Synapse sends clients to for TURN. */
function turnHosts(workspace: Workspace): readonly Candidate[] {
  return processes(workspace).flatMap(({ homeserver, resource }) =>
    homeserver && !isFromSecret(homeserver.layer('turn_uris').file)
      ? homeserver
          .at('turn_uris')
          .items()
          .flatMap(uri => {
            const label = /^turns?:([\w.-]+)/.exec(uri.text ?? '')?.[1];
            return label === undefined
              ? []
              : [{ label, kind: 'host' as const, detail: `turn_uris of ${resource.title}`, rank: 1 as const }];
          })
      : [],
  );
}
