/**
 * Checks manifests as strictly as an API server does with --validate=strict; changes when a kind is added.
 *
 * In: {label: object} as JSON on standard input. Out: {label: [errors]}, empty lists where all is
 * well. The compiler refuses what the Go types do not have (the published models alone let unknown
 * fields through), the models refuse wrong values.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { Job } from "kubernetes-models/batch/v1/Job";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Secret } from "kubernetes-models/v1/Secret";
import { Service as CoreService } from "kubernetes-models/v1/Service";
import { Broker } from "@kubernetes-models/knative/eventing.knative.dev/v1/Broker";
import { Trigger } from "@kubernetes-models/knative/eventing.knative.dev/v1/Trigger";
import { EventPolicy } from "@kubernetes-models/knative/eventing.knative.dev/v1alpha1/EventPolicy";
import { EventType } from "@kubernetes-models/knative/eventing.knative.dev/v1beta3/EventType";
import { ClusterDomainClaim } from "@kubernetes-models/knative/networking.internal.knative.dev/v1alpha1/ClusterDomainClaim";
import { Service } from "@kubernetes-models/knative/serving.knative.dev/v1/Service";
import { DomainMapping } from "@kubernetes-models/knative/serving.knative.dev/v1beta1/DomainMapping";
import { PingSource } from "@kubernetes-models/knative/sources.knative.dev/v1/PingSource";
import { SinkBinding } from "@kubernetes-models/knative/sources.knative.dev/v1/SinkBinding";
import ts from "typescript";

const MODELS = {
  "apps/v1": { StatefulSet },
  "batch/v1": { CronJob, Job },
  "networking.k8s.io/v1": { Ingress, NetworkPolicy },
  v1: { ConfigMap, Namespace, Secret, Service: CoreService },
  "eventing.knative.dev/v1": { Broker, Trigger },
  "eventing.knative.dev/v1alpha1": { EventPolicy },
  "eventing.knative.dev/v1beta3": { EventType },
  "networking.internal.knative.dev/v1alpha1": { ClusterDomainClaim },
  "serving.knative.dev/v1": { Service },
  "serving.knative.dev/v1beta1": { DomainMapping },
  "sources.knative.dev/v1": { PingSource, SinkBinding },
};

const OPTIONS = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  types: [],
};

const modelOf = ({ apiVersion, kind }) => MODELS[apiVersion]?.[kind];
const packageOf = ({ apiVersion }) =>
  apiVersion.includes("knative.dev") ? "@kubernetes-models/knative" : "kubernetes-models";

/** A program in which the object is a literal of its kind's type: there an unknown field is an error. */
function sourceOf(object) {
  const { apiVersion, kind } = object;
  const literal = JSON.stringify(object, null, 2);
  // A status is the cluster's to write, and required by some types all the same.
  return `import type { I${kind} } from "${packageOf(object)}/${apiVersion}/${kind}";\nexport const it: Omit<I${kind}, "status"> = ${literal};\n`;
}

function compile(sources) {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, language) =>
    sources.has(name)
      ? ts.createSourceFile(name, sources.get(name), language)
      : getSourceFile(name, language);
  const program = ts.createProgram([...sources.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program);
}

/** A status is the cluster's to write, and demanded by some models. */
function valueErrors(object) {
  try {
    const Model = modelOf(object);
    new Model({ status: { replicas: 0 }, ...object }).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

function check(objects) {
  const known = Object.entries(objects).filter(([, object]) => modelOf(object));
  const fileOf = (index) => fileURLToPath(new URL(`object-${index}.ts`, import.meta.url));
  const labels = new Map(known.map(([label], index) => [fileOf(index), label]));
  const sources = new Map(known.map(([, object], index) => [fileOf(index), sourceOf(object)]));
  const errors = Object.fromEntries(
    Object.entries(objects).map(([label, object]) => [
      label,
      modelOf(object) ? valueErrors(object) : [`no schema of ${object.apiVersion} ${object.kind}`],
    ]),
  );
  for (const diagnostic of compile(sources)) {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const label = labels.get(diagnostic.file?.fileName);
    if (label === undefined) throw new Error(text);
    errors[label].push(text);
  }
  return errors;
}

process.stdout.write(JSON.stringify(check(JSON.parse(readFileSync(0, "utf8")))));
