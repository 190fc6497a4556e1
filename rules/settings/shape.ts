import { checklistSteps, orderProposals, proposedSteps } from '../../checklist/steps';
import { table } from '../../manifests/table';

/**
 * What `matrix-preflight.yaml` may hold. This is a subset of JSON Schema draft-07, so that the schema file for editors
 * is written from it, and the rule settings-invalid judges by it.
 */
export interface Shape {
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'number' | readonly ('string' | 'number')[];
  /** `false` stands for a bare `off`, which YAML 1.1 reads as false. */
  readonly enum?: readonly (string | false)[];
  readonly default?: string | number;
  readonly exclusiveMinimum?: number;
  /** A regular expression for the text as written. */
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** False: no other key. A shape: that of the value of any other key. */
  readonly additionalProperties?: false | Shape;
  /** `doNotSuggest` keeps editors that complete by the schema from offering the names; the language server does. */
  readonly propertyNames?: { readonly enum: readonly string[]; readonly doNotSuggest?: boolean };
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** The shape of the whole file. `ruleIds` are the rules that may be set. */
export function settingsShape(ruleIds: readonly string[]): Shape {
  return {
    title: 'Matrix Preflight',
    description: 'What a deployment tree says of itself. The file stands at the root of the tree.',
    type: 'object',
    additionalProperties: false,
    properties: {
      components: componentsShape,
      scale: scaleShape,
      target: targetShape,
      profile: {
        description: 'Which rules run: "strict" adds those that are opinions beyond the checklist.',
        enum: ['default', 'strict'],
      },
      provided: providedShape,
      rules: rulesShape(ruleIds),
      domain: { description: 'The own domain of the deployment, such as example.org.', type: 'string' },
      synapse: synapseShape,
      plan: planShape,
      exclude: {
        description: 'Globs of paths that are not read, relative to the root of the tree.',
        type: 'array',
        items: { type: 'string' },
      },
    },
  };
}

/** The schema for editors, as JSON Schema draft-07. */
export function settingsSchema(ruleIds: readonly string[]): object {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...settingsShape(ruleIds) };
}

const severities = ['error', 'warning', 'info', 'hint', 'off', false] as const;

const texts = (description: string): Shape => ({ description, type: 'array', items: { type: 'string' } });

const stepProperties = table<Shape>({
  title: { description: 'How the step is called.', type: 'string' },
  phase: { description: 'The id of the phase it belongs to.', type: 'string' },
  after: texts('Ids of steps that must be healthy before it.'),
  before: { description: 'The id of the step of the same phase that it comes right before.', type: 'string' },
  runOnce: texts('Objects as Kind/name that are never applied a second time without asking, as Jobs are.'),
  waits: {
    description: 'What has to be ready before the next step: other deadlines, and objects that no manifest declares.',
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'name'],
      properties: {
        apiVersion: { description: 'Needed only for kinds that the tool does not know.', type: 'string' },
        kind: { description: 'The kind as Kubernetes spells it, such as Deployment.', type: 'string' },
        name: { description: 'The name of the object.', type: 'string' },
        namespace: { description: 'Its namespace; without it, that of the plan.', type: 'string' },
        timeoutSeconds: { description: 'How long it may take.', type: 'number', exclusiveMinimum: 0 },
      },
    },
  },
  skip: { description: 'Leaves the step out; the text says why, and is kept with every run.', type: 'string' },
});

const componentsShape: Shape = {
  description: 'Which parts the deployment has.',
  type: 'object',
  additionalProperties: false,
  properties: {
    main: component('The main Synapse instance and its database'),
    workers: component('The workers of the main instance'),
    keyVault: component('key_vault, the Django service that keeps encrypted keys'),
    livekit: component('LiveKit for calls'),
    li: component('The instance for lawful interception, its database and its replication'),
    antivirus: component('ClamAV and the content scanner'),
    element: component('Element Web'),
    coturn: component('The TURN server coturn'),
    monitoring: component('ServiceMonitors and PodMonitors'),
    grafana: component('The dashboards of Grafana'),
    networkPolicies: component('NetworkPolicies'),
  },
};

const scaleShape: Shape = {
  description: 'What the deployment is sized for.',
  type: 'object',
  additionalProperties: false,
  properties: {
    ccu: { description: 'Concurrent users.', type: 'number', exclusiveMinimum: 0, default: 100 },
    source: {
      description: 'Which table holds the sizes: that of the checklist, or the scaling guide of the tree.',
      enum: ['checklist', 'guide'],
      default: 'checklist',
    },
  },
};

const targetShape: Shape = {
  description: 'What the deployment is made for.',
  type: 'object',
  additionalProperties: false,
  properties: {
    kubernetes: {
      description: 'The version of Kubernetes, such as "1.29".',
      type: ['string', 'number'],
      pattern: '^v?1\\.\\d+(\\.\\d+)?$',
      default: '1.27',
    },
  },
};

const providedShape: Shape = {
  description: 'Objects that exist in the cluster without a manifest in the tree.',
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['kind', 'name'],
    properties: {
      kind: { description: 'The kind as Kubernetes spells it, such as Secret.', type: 'string' },
      name: { description: 'The name of the object.', type: 'string' },
      namespace: { description: 'Its namespace; without it, any.', type: 'string' },
      keys: {
        description: 'The keys of a Secret or ConfigMap; without them, any key is taken to be there.',
        type: 'array',
        items: { type: ['string', 'number'] },
      },
    },
  },
};

function rulesShape(ruleIds: readonly string[]): Shape {
  return {
    description: 'Severities of single rules, by their ids.',
    type: 'object',
    propertyNames: { enum: ruleIds, doNotSuggest: true },
    additionalProperties: {
      anyOf: [
        { enum: severities },
        {
          type: 'object',
          additionalProperties: false,
          required: ['severity'],
          properties: {
            severity: { description: 'How severe its findings are, or off.', enum: severities },
            reason: {
              description: 'Why. A rule that is switched off needs a reason.',
              type: 'string',
            },
          },
        },
      ],
    },
  };
}

const synapseShape: Shape = {
  description: 'How Synapse is set up.',
  type: 'object',
  additionalProperties: false,
  properties: {
    pythonMount: {
      description:
        'How Python packages of an init container reach Synapse: mounted where Python looks, as in the checklist, or by PYTHONPATH.',
      enum: ['checklist', 'pythonpath'],
    },
  },
};

const planShape: Shape = {
  description: 'How the tree is deployed, where that differs from the checklist.',
  type: 'object',
  additionalProperties: false,
  properties: {
    namespace: {
      description: 'Where objects without a namespace go; without it, where most objects go.',
      type: 'string',
    },
    refused: {
      description: "Changes of the checklist's order that are not wanted.",
      type: 'array',
      items: { enum: orderProposals.map(({ id }) => id) },
    },
    phases: {
      description: "The phases in their order; the checklist's phases that are not among them follow.",
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: { description: 'How steps name the phase.', type: 'string' },
          title: { description: 'How the phase is called.', type: 'string' },
        },
      },
    },
    steps: {
      description: 'What differs in steps of the checklist, by their ids.',
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(
        [...proposedSteps, ...checklistSteps].map(({ id, title }): [string, Shape] => [
          id,
          {
            description: `The step ${title}.`,
            type: 'object',
            additionalProperties: false,
            properties: { ...stepProperties, paths: texts('Directories or files that the step applies.') },
          },
        ]),
      ),
    },
    own: {
      description: 'Steps that the checklist does not have.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: {
            description: 'How other steps and the command line name it.',
            type: 'string',
          },
          ...stepProperties,
          apply: texts('Directories or files of manifests that the runner applies.'),
          kustomize: {
            description: 'A directory with a kustomization.yaml, which a person builds and applies; see waits.',
            type: 'string',
          },
          helm: {
            description: 'A chart that a person installs; values are never applied as manifests. See waits.',
            type: 'object',
            additionalProperties: false,
            required: ['release', 'chart'],
            properties: {
              release: { description: 'The name of the release.', type: 'string' },
              chart: { description: 'The chart, such as livekit/livekit-server.', type: 'string' },
              version: { description: 'The version of the chart.', type: ['string', 'number'] },
              namespace: { description: 'Its namespace; without it, that of the plan.', type: 'string' },
              values: texts('Files of values.'),
            },
          },
        },
      },
    },
  },
};

function component(description: string): Shape {
  return {
    description: `${description}. required: its absence is a finding. auto: checked where present. off: its checklist items are waived.`,
    enum: ['required', 'auto', 'off', false],
    default: 'required',
  };
}
