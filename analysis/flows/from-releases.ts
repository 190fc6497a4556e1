import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { ChartAddress } from '../helm/chart-facts';
import { holds, type KnownRelease, knownReleasesOf, textOf, valuesAt } from '../helm/chart-objects';
import { type Address, defaultPort, textPlace } from './address';

/** The hosts that the values of a chart name, of charts that are known. */
export function fromReleases(workspace: Workspace, resource: Resource): readonly Address[] {
  return knownReleasesOf(workspace, resource).flatMap(known =>
    (known.facts.addresses ?? []).flatMap(address =>
      holds(known, address.when) === true
        ? valuesAt(known.release, address.path).flatMap(value => addressAt(known, address, value) ?? [])
        : [],
    ),
  );
}

function addressAt(known: KnownRelease, address: ChartAddress, value: Value): Address | undefined {
  const text = value.string ?? '';
  const common = {
    protocol: 'TCP',
    name: `${address.path.replaceAll('.*', '[]')} of the chart ${known.facts.chart}`,
    isLiteral: true,
    connects: true,
    importance: 'required',
    ...(known.release.namespace !== undefined && { namespace: known.release.namespace }),
  } as const;
  if (address.form === 'url') {
    const [, scheme = '', host = '', port] = /^([a-z]+):\/\/([\w.-]+)(?::(\d+))?(?:\/|$)/.exec(text) ?? [];
    if (host === '') return undefined;
    const start = scheme.length + '://'.length;
    const number = port === undefined ? defaultPort(scheme) : Number(port);
    const end = start + host.length;
    return {
      ...common,
      host,
      port: number,
      at: value.part(start, end),
      portAt: port === undefined ? undefined : value.part(end + 1, end + 1 + port.length),
      isHostField: false,
    };
  }
  if (!/^[a-z0-9][\w.-]*$/i.test(text)) return undefined;
  const written = address.port === undefined ? '' : textOf(known, address.port);
  // A port that is not known is not the default.
  const port = written === undefined ? undefined : written === '' ? address.defaultPort : Number(written);
  const [portAt] = address.port === undefined ? [] : valuesAt(known.release, address.port);
  return {
    ...common,
    host: text,
    port: Number.isInteger(port) ? port : undefined,
    at: textPlace(value),
    portAt,
    isHostField: true,
  };
}
