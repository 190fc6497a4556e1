import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { findHosts } from '../text/hosts';
import { type Address, defaultPort, type Importance, textPlace } from './address';

/** The hosts in the fields of a CloudNativePG Cluster: object stores and other clusters. */
export function fromCluster(cluster: Resource): readonly Address[] {
  const spec = cluster.root.at('spec');
  const backup = spec.at('backup', 'barmanObjectStore', 'endpointURL');
  return [
    ...urls(backup, 'backup.barmanObjectStore.endpointURL', 'backup'),
    ...spec
      .at('externalClusters')
      .items()
      .flatMap(external => [
        ...urls(
          external.at('barmanObjectStore', 'endpointURL'),
          'externalClusters.barmanObjectStore.endpointURL',
          'backup',
        ),
        ...host(external.at('connectionParameters', 'host'), external.at('connectionParameters', 'port')),
      ]),
  ];
}

function urls(value: Value, name: string, importance: Importance): readonly Address[] {
  return findHosts(value.string ?? '').map(({ host: found, port, scheme }) => ({
    host: found.value,
    port: port?.number ?? defaultPort(scheme?.value),
    protocol: 'TCP',
    name,
    at: value.part(found.span.start, found.span.end),
    portAt: port && value.part(port.span.start, port.span.end),
    isLiteral: true,
    isHostField: true,
    connects: true,
    importance,
  }));
}

function host(value: Value, port: Value): readonly Address[] {
  const text = value.string;
  if (text === undefined || !/^[\w.-]+$/.test(text) || !/[a-z]/i.test(text)) return [];
  const written = /^\d{1,5}$/.test(port.text ?? '') ? Number(port.text) : undefined;
  return [
    {
      host: text,
      port: written ?? (port.exists ? undefined : 5432),
      protocol: 'TCP',
      name: 'externalClusters.connectionParameters.host',
      at: textPlace(value),
      portAt: port.exists ? textPlace(port) : undefined,
      isLiteral: true,
      isHostField: true,
      connects: true,
      importance: 'required',
    },
  ];
}
