import { cudaDeclarations, cudaEntryPoint } from '../cuda/index.ts';
import { control, controlWords, recordKind } from './wgsl-engine.ts';

/** A module's text, and the words from one of its states to the next. */
export interface HostModule {
  readonly namespace: string;
  readonly text: string;
  readonly stateWords: number;
}

/**
 * A C++ program that runs the texts on the CPU. Its argument says which one; memory comes in and goes out as words,
 * each block after its length. A payload is written to room that is aligned and only then becomes part of a record.
 */
export function hostProgram(modules: readonly HostModule[], lanes: number): string {
  const form = lanes === 1 ? 'thread' : 'group';
  const cases = modules.map(
    ({ namespace, stateWords }, i) =>
      `    case ${i}: ${form}<${namespace}_form>(memory, ${stateWords}u); break;`,
  );
  return [
    '#include <cstdio>',
    '#include <cstdlib>',
    '#include <cstring>',
    '#include <vector>',
    '#include <ucontext.h>',
    cudaDeclarations,
    hooks,
    `#define RK_LANES ${lanes}u`,
    laneText,
    ...modules.map(({ text }) => text),
    engine,
    ...modules.map((module) => formText(module, form)),
    'int main(int, char** args) {',
    '  Memory memory;',
    '  switch (atoi(args[1])) {',
    ...cases,
    '    default: return 4;',
    '  }',
    '  write(memory.control);',
    '  write(memory.states);',
    '  for (const Words& records : memory.records) write(records);',
    '  return 0;',
    '}',
    '',
  ].join('\n');
}

/** What the engine calls of a text. */
function formText({ namespace }: HostModule, form: 'thread' | 'group'): string {
  const group = `typedef ${namespace}::RkShared Shared;
  static void serve(Shared* group) { ${namespace}::rk_serve(group); }
  static void dismiss(Shared* group) { ${namespace}::rk_dismiss(group); }`;
  return `struct ${namespace}_form {
  static bool handle(RkTurn* rk, rk_u32 type) { return ${namespace}::${cudaEntryPoint}(rk, type); }
  ${form === 'group' ? group : ''}
};`;
}

/**
 * Lanes on one thread. Each runs until it waits for the others; in which order they do that is another one each time.
 * A lane that waits for one that has left ends the program.
 */
const laneText = `#define RK_LANE (lanes.now)
struct Lanes {
  rk_u32 now, order, left;
  ucontext_t caller, own[RK_LANES];
  bool gone[RK_LANES];
  void (*work)();
  alignas(64) char stacks[RK_LANES][1 << 18];
};
static Lanes lanes;

static void rk_sync_lanes() { swapcontext(&lanes.own[lanes.now], &lanes.caller); }

static void runLane() {
  lanes.work();
  lanes.gone[lanes.now] = true;
  lanes.left++;
}

static void runLanes(void (*work)()) {
  lanes.work = work;
  for (rk_u32 i = 0; i < RK_LANES; i++) {
    getcontext(&lanes.own[i]);
    lanes.own[i].uc_stack.ss_sp = lanes.stacks[i];
    lanes.own[i].uc_stack.ss_size = sizeof(lanes.stacks[i]);
    lanes.own[i].uc_link = &lanes.caller;
    makecontext(&lanes.own[i], runLane, 0);
  }
  while (lanes.left == 0) {
    lanes.order = lanes.order * 1664525u + 1013904223u;
    for (rk_u32 i = 0; i < RK_LANES; i++) {
      lanes.now = (i * ((lanes.order >> 8) | 1u) + (lanes.order >> 16)) % RK_LANES;
      swapcontext(&lanes.caller, &lanes.own[lanes.now]);
    }
  }
  if (lanes.left != RK_LANES) exit(6);
}
`;

const hooks = `typedef std::vector<rk_u32> Words;

struct Host {
  Words* records;
  bool faulted;
  rk_u32 words;
  alignas(16) unsigned char room[8192];
};

static Host* hostOf(RkTurn* rk) { return static_cast<Host*>(rk->host); }

static void flush(Host* host) {
  const rk_u32* words = reinterpret_cast<const rk_u32*>(host->room);
  host->records->insert(host->records->end(), words, words + host->words);
  host->words = 0;
}

static unsigned char* open(RkTurn* rk, rk_u32 kind, rk_u32 a, rk_u32 b, rk_u32 c, rk_u32 size) {
  Host* host = hostOf(rk);
  flush(host);
  for (rk_u32 word : {kind, a, b, c}) host->records->push_back(word);
  if (host->records->size() > (1u << 22) || size > sizeof(host->room)) exit(5);
  host->words = (size + 3) / 4;
  memset(host->room, 0, sizeof(host->room));
  return host->room;
}

RK_DEV unsigned char* rk_send(RkTurn* rk, rk_u32 to, rk_u32 type, rk_u32 size, rk_u32 priority) {
  return open(rk, ${recordKind.send}, type, to, priority, size);
}
RK_DEV unsigned char* rk_reply(RkTurn* rk, rk_u32 type, rk_u32 size) {
  return open(rk, ${recordKind.reply}, type, 0, 0, size);
}
RK_DEV unsigned char* rk_emit(RkTurn* rk, rk_u32 type, rk_u32 size) {
  return open(rk, ${recordKind.emit}, type, 0, 0, size);
}
RK_DEV void rk_fault(RkTurn* rk, rk_u32 site, rk_u32 value) {
  if (hostOf(rk)->faulted) return;
  hostOf(rk)->faulted = true;
  open(rk, ${recordKind.fault}, site, value, 0, 0);
}
`;

const engine = `static Words read() {
  rk_u32 count = 0;
  if (fread(&count, 4, 1, stdin) != 1) exit(3);
  Words words(count);
  if (count > 0 && fread(words.data(), 4, count, stdin) != count) exit(3);
  return words;
}

static void write(const Words& words) {
  const rk_u32 count = static_cast<rk_u32>(words.size());
  fwrite(&count, 4, 1, stdout);
  if (count > 0) fwrite(words.data(), 4, count, stdout);
}

struct Memory {
  Words params = read(), control = read(), deliveries = read(), messages = read(), states = read();
  std::vector<Words> records = std::vector<Words>(params[0]);
};

template <class Form>
static void turn(Memory& m, Host& host, rk_u32 self, rk_u32 stride, const rk_u32* header, void* group) {
  RkTurn rk = {};
  rk.state = reinterpret_cast<unsigned char*>(m.states.data() + self * stride);
  rk.message = reinterpret_cast<const unsigned char*>(header + 16);
  rk.self = m.params[1] + self;
  rk.sender = header[12];
  rk.index = self;
  rk.instances = m.params[0];
  rk.base = m.params[1];
  rk.seed = m.params[2];
  rk.now = ((header[8] | (rk_u64)header[9] << 32) << 12) + header[10];
  rk.draws = &m.control[self * ${controlWords} + ${control.draws}];
  rk.host = &host;
  rk.group = group;
  const bool handled = Form::handle(&rk, header[1]);
  open(&rk, ${recordKind.handled}, handled, 0, 0, 0);
}

template <class Form>
static void run(Memory& m, rk_u32 stride, void* group) {
  for (rk_u32 self = 0; self < m.params[0]; self++) {
    Host host = {};
    host.records = &m.records[self];
    const rk_u32* control = &m.control[self * ${controlWords}];
    for (rk_u32 i = 0; i < control[${control.count}]; i++) {
      host.faulted = false;
      const rk_u32* header = &m.messages[m.deliveries[control[${control.first}] + i]];
      turn<Form>(m, host, self, stride, header, group);
    }
  }
}

template <class Form>
static void thread(Memory& m, rk_u32 stride) { run<Form>(m, stride, nullptr); }

template <class Form>
static void group(Memory& m, rk_u32 stride) {
  static Memory* memory = &m;
  static rk_u32 words = stride;
  static typename Form::Shared shared;
  memset(&shared, 0xa5, sizeof(shared));
  runLanes([] {
    if (lanes.now != 0) return Form::serve(&shared);
    run<Form>(*memory, words, &shared);
    Form::dismiss(&shared);
  });
}
`;
