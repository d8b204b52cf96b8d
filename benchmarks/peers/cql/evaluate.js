// Times the CQL engine on one patient: node evaluate.js BUNDLE AS_OF ROUNDS MORE; prints JSON.
// MORE: how many further criteria like the third are put into the library.
// Library and executor are made once. A round reads the Bundle's text, hands it to the FHIR data source and evaluates.
'use strict';
const fs = require('fs');
const cql = require('cql-execution');
const fhir = require('cql-exec-fhir');

const [bundlePath, asOf, rounds, more] = process.argv.slice(2);
const elm = JSON.parse(fs.readFileSync(`${__dirname}/three-criteria.json`, 'utf8'));
const definitions = elm.library.statements.def;
const third = definitions[definitions.length - 1];
for (let i = 1; i <= Number(more); i++) {
  definitions.push({ ...structuredClone(third), name: `${third.name}${i}` });
}
const library = new cql.Library(elm);
const executor = new cql.Executor(library, null, { AsOf: cql.Date.parse(asOf) });
const text = fs.readFileSync(bundlePath, 'utf8');
const source = fhir.PatientSource.FHIRv401();
const criteria = definitions.map(definition => definition.name).filter(name => name !== 'Patient');

// Milliseconds since the start, by the clock and of processor time.
const now = () => {
  const { user, system } = process.cpuUsage();
  return [performance.now(), (user + system) / 1000];
};
// Others take turns on the same cores, and helper threads of Node.js count as processor time: the smaller is fair.
const between = (a, b) => Math.min(b[0] - a[0], b[1] - a[1]);

async function round() {
  const began = now();
  const bundle = JSON.parse(text);
  const read = now();
  source.loadBundles([bundle]);
  const results = await executor.exec(source);
  const ended = now();
  source.reset();
  const [answers] = Object.values(results.patientResults);
  return {
    read: between(began, read),
    evaluate: between(read, ended),
    answers: criteria.map(name => answers[name])
  };
}

async function main() {
  const warmUp = Math.min(30, Number(rounds));
  const times = { read: [], evaluate: [] };
  let answers = [];
  for (let i = 0; i < warmUp + Number(rounds); i++) {
    const took = await round();
    answers = took.answers;
    if (i >= warmUp) {
      times.read.push(took.read);
      times.evaluate.push(took.evaluate);
    }
  }
  console.log(JSON.stringify({ criteria, answers, ...times }));
}

main().catch(error => {
  console.error(String(error && error.stack));
  process.exit(1);
});
