import type { SourceFile } from '../manifests/file';
import type { Place } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';
import { bytesText } from './quantity';
import { scaleTables } from './scale/tables';
import { settingsOf } from './settings';

/** What one PostgreSQL instance has to have at least: cores and bytes. */
export interface PostgresFloor {
  readonly ccu: number;
  /** Quantities as a manifest writes them. */
  readonly cpu: string;
  readonly memory: string;
  readonly storage: string;
  /** Which table says so, for messages. */
  readonly source: string;
}

/**
 * The floor for the size that the tree is made for. Between two sizes the lower one counts. Where the checklist does not
 * decide, the tree's own guide comes first, and a general one has what that does not say.
 */
export function postgresFloor(workspace: Workspace): PostgresFloor {
  const { source } = settingsOf(workspace).scale;
  const ccu = expectedUsers(workspace);
  const general = generalFloor(source, ccu);
  if (source !== 'guide' && general.ccu === 100) return general;
  const tiers = scaleTables(workspace).flatMap(({ path, tiers: all }) => {
    const tier = all.findLast(one => one.ccu <= ccu);
    return tier ? [{ path, tier }] : [];
  });
  const [first] = tiers;
  // A guide that ends before the general one does says nothing of the size.
  if (!first || first.tier.ccu < general.ccu) return general;
  const said = <K extends 'cpu' | 'memory' | 'storage'>(key: K): number | undefined =>
    tiers.find(({ tier }) => tier.ccu === first.tier.ccu && tier[key] !== undefined)?.tier[key];
  const [cpu, memory, storage] = [said('cpu'), said('memory'), said('storage')];
  return {
    ccu: first.tier.ccu,
    cpu: cpu === undefined ? general.cpu : String(cpu),
    memory: memory === undefined ? general.memory : bytesText(memory),
    storage: storage === undefined ? general.storage : bytesText(storage),
    source: first.path,
  };
}

function generalFloor(source: 'checklist' | 'guide', ccu: number): PostgresFloor {
  const tier = guide.findLast(([users]) => users <= ccu) ?? guide[0];
  const [users, cpu, memory, disk, checklistDisk] = tier;
  if (source === 'guide') return { ccu: users, cpu, memory, storage: disk, source: 'the scaling guide' };
  // The checklist knows one size; above it, the guide has the cores and the memory.
  return users === 100
    ? { ccu: users, cpu: '1', memory: '2Gi', storage: '50Gi', source: 'the checklist' }
    : { ccu: users, cpu, memory, storage: checklistDisk, source: 'the scaling guide' };
}

/** The concurrent users that the tree is sized for: the setting, else EXPECTED_CCU where a file sets it, else 100. */
export function expectedUsers(workspace: Workspace): number {
  const { ccu } = settingsOf(workspace).scale;
  if (ccu !== 100) return ccu;
  return workspace.lookup(expectations, '')[0]?.users ?? ccu;
}

interface Expectation {
  readonly users: number;
  readonly at: Place;
}

const expectations: Index<Expectation> = {
  name: 'expected users',
  *resource(resource) {
    if (resource.kind !== 'ConfigMap') return;
    const value = resource.root.at('data', 'EXPECTED_CCU');
    const users = Number(value.text);
    if (value.text !== undefined && users > 0) yield ['', { users, at: value }];
  },
  *textFile(file: SourceFile) {
    if (!/\.env$/i.test(file.path)) return;
    const found = /^[ \t]*(?:export[ \t]+)?EXPECTED_CCU=["']?(\d+)/m.exec(file.text);
    if (found && Number(found[1]) > 0)
      yield [
        '',
        {
          users: Number(found[1]),
          at: { uri: file.uri, span: { start: found.index, end: found.index + found[0].length } },
        },
      ];
  },
};

/**
 * The sizes of a general scaling guide for one PostgreSQL instance, where the tree has none of its own: users, cores, memory, disk, and the disk of
 * the older table in its config.env. Memory is written in binary units there, too.
 */
const guide = [
  [100, '4', '16Gi', '500Gi', '50Gi'],
  [1000, '8', '32Gi', '1Ti', '100Gi'],
  [5000, '16', '64Gi', '2Ti', '200Gi'],
  [10_000, '32', '128Gi', '4Ti', '500Gi'],
  [20_000, '32', '128Gi', '4Ti', '1Ti'],
] as const;
