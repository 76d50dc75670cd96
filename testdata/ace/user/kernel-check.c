/*
 * kernel-check.c - the interrupt entries of a kernel image, run for real though
 * not as a kernel: the image is position-independent, so it runs at an address of
 * ours, and all it does that we may not is swapgs, which becomes a nop. The trap
 * flag brings us to every instruction of a routine; there we put the frame on
 * another stack that the processor would put, and go on at the entry. Nested, a
 * breakpoint in the resumed routine is the second interrupt.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define BASE		0x7acf00000000
#define TRAP_FLAG	0x100
#define CARRY_AND_SIGN	0x81
#define MAX_SIZE	(1UL << 24)
#define MAX_STEPS	256
#define COMPARED	0x3000		/* of the data: all but messages that nobody gets to */
#define NEVER		(-1)
#define OUTSIDE		(-2)		/* interrupt behind the routine */

void step_run(uint64_t registers[16], uint64_t flags);

static const char *const entries[][2] = {
	{ "asm_common_interrupt", "common_interrupt" },
	{ "asm_timer_interrupt", "timer_interrupt" },
	{ "asm_sysvec_apic_timer_interrupt", "timer_interrupt" },
	{ "asm_sysvec_reschedule_ipi", "reschedule_ipi" },
	{ "asm_sysvec_call_function", "call_function" },
};
#define ENTRIES ((int)(sizeof entries / sizeof *entries))

/* What is called, and with what, when so many messages are out and in queue 3. */
static const struct scenario {
	const char *name;
	unsigned first, second, taken, queued;
} scenarios[] = {
	{ "ace_inc_counter", 0, 0, 0, 0 },
	{ "ace_get_counters", 0, 0, 0, 0 },
	{ "ace_queue_push", 3, 2, 3, 2 },
	{ "ace_queue_push", 3, 5000, 3, 2 },
	{ "ace_queue_pop", 3, 0, 3, 2 },
	{ "ace_queue_pop", 3, 0, 3, 0 },
	{ "ace_pool_get", 0, 0, 3, 2 },
	{ "ace_pool_put", 2, 0, 3, 2 },
};
#define SCENARIOS ((int)(sizeof scenarios / sizeof *scenarios))

struct frame {
	uint64_t rip, cs, flags, rsp, ss;
};

static unsigned char *file;
static size_t file_size;
static uint64_t lowest = UINT64_MAX;
static uintptr_t start, end, data, text;
static uint64_t stacks[2][4096];
static unsigned char before[COMPARED], interrupted_data[COMPARED];

static struct {
	int target, inner_target, seen, interrupted, inner_interrupted;
	uintptr_t entry, inner_entry, breakpoint;
	uintptr_t at[MAX_STEPS];
	unsigned char byte;
} step;

static void give_up(const char *why)
{
	fprintf(stderr, "kernel-check: %s\n", why);
	exit(2);
}

static uintptr_t symbol(const char *name)
{
	const Elf64_Ehdr *elf = (const void *)file;

	for (unsigned i = 0; i < elf->e_shnum; i++) {
		const Elf64_Shdr *table = (const void *)(file + elf->e_shoff + i * sizeof *table);
		const Elf64_Shdr *strings = (const void *)(file + elf->e_shoff + table->sh_link * sizeof *table);

		for (size_t n = 0; table->sh_type == SHT_SYMTAB && n < table->sh_size / sizeof(Elf64_Sym); n++) {
			const Elf64_Sym *entry = (const void *)(file + table->sh_offset + n * sizeof *entry);

			if (!strcmp((const char *)file + strings->sh_offset + entry->st_name, name))
				return entry->st_value - lowest + BASE;
		}
	}
	give_up(name);
	return 0;
}

/* The images are our own: no more is checked than that this is one. */
static void load(const char *name)
{
	const Elf64_Ehdr *elf;
	struct stat status;
	int descriptor = open(name, O_RDONLY);

	if (descriptor < 0 || fstat(descriptor, &status))
		give_up(strerror(errno));
	file_size = (size_t)status.st_size;
	file = mmap(NULL, file_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
	if (file == MAP_FAILED || file_size < sizeof *elf || memcmp(file, ELFMAG, SELFMAG))
		give_up("not an ELF file");
	elf = (const void *)file;
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < elf->e_phnum; i++) {
			const Elf64_Phdr *segment = (const void *)(file + elf->e_phoff + i * sizeof *segment);

			if (segment->p_type != PT_LOAD)
				continue;
			if (pass == 0)
				lowest = segment->p_vaddr < lowest ? segment->p_vaddr : lowest;
			else if (segment->p_vaddr - lowest + segment->p_memsz > MAX_SIZE)
				give_up("the image is too large");
			else
				memcpy((void *)(segment->p_vaddr - lowest + BASE), file + segment->p_offset, segment->p_filesz);
		}
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t at = (uintptr_t)registers[REG_RIP], entry;
	int in_area = at >= start && at < end, level;
	struct frame *frame;

	(void)signal;
	(void)info;
	if (step.breakpoint && at == step.breakpoint + 1) {
		*(unsigned char *)step.breakpoint = step.byte;
		at = step.breakpoint;
		step.breakpoint = 0;
		step.inner_interrupted = 1;
		entry = step.inner_entry;
		level = 1;
	} else if (!step.interrupted && (step.target == OUTSIDE ? step.seen && !in_area : in_area && step.seen == step.target)) {
		step.interrupted = 1;
		entry = step.entry;
		level = 0;
		if (step.inner_target != NEVER) {
			step.breakpoint = step.at[step.inner_target];
			step.byte = *(unsigned char *)step.breakpoint;
			*(unsigned char *)step.breakpoint = 0xcc;
		}
	} else {
		if (in_area) {
			if (step.target == NEVER && step.seen < MAX_STEPS)
				step.at[step.seen] = at;
			step.seen++;
		}
		return;
	}
	frame = (struct frame *)&stacks[level][4096 - 16];
	frame->rip = at;
	frame->cs = (uint64_t)registers[REG_CSGSFS] & 0xffff;
	frame->ss = (uint64_t)registers[REG_CSGSFS] >> 48;
	frame->rsp = (uint64_t)registers[REG_RSP];
	frame->flags = (uint64_t)registers[REG_EFL] & ~(uint64_t)TRAP_FLAG;
	registers[REG_EFL] &= ~TRAP_FLAG;
	registers[REG_RSP] = (greg_t)(uintptr_t)frame;
	registers[REG_RIP] = (greg_t)entry;
}

static void call(const char *name, unsigned first, unsigned second, uint64_t flags, uint64_t registers[16])
{
	for (int i = 0; i < 16; i++)
		registers[i] = 0x0123456789abcdef * (uint64_t)(i + 1);
	registers[0] = symbol(name);
	registers[5] = first;
	registers[4] = second;
	step_run(registers, flags);
}

/* An interrupt's own work: its function is one of C, with a frame as the argument. */
static void work(int entry)
{
	static uint64_t frame[32];

	frame[15] = UINT64_MAX;
	((void (*)(void *))symbol(entries[entry][1]))(frame);
}

static void prepare(const struct scenario *scenario)
{
	uint64_t registers[16];

	memset((void *)data, 0, COMPARED);
	for (unsigned i = 0; i < scenario->taken; i++)
		call("ace_pool_get", 0, 0, CARRY_AND_SIGN, registers);
	for (unsigned i = 0; i < scenario->queued; i++)
		call("ace_queue_push", 3, i, CARRY_AND_SIGN, registers);
	memcpy(before, (void *)data, COMPARED);
}

static int run(const struct scenario *scenario, int target, int inner_target, int entry, int inner_entry)
{
	uint64_t plain[16], stepped[16];

	step.target = target;
	step.inner_target = inner_target;
	step.seen = step.interrupted = step.inner_interrupted = 0;
	step.entry = symbol(entries[entry][0]);
	step.inner_entry = symbol(entries[inner_entry][0]);
	memcpy((void *)data, before, COMPARED);
	call(scenario->name, scenario->first, scenario->second, TRAP_FLAG | CARRY_AND_SIGN, stepped);
	if (step.breakpoint) {
		*(unsigned char *)step.breakpoint = step.byte;
		step.breakpoint = 0;
	}
	if (target == NEVER)
		return 0;
	memcpy(interrupted_data, (void *)data, COMPARED);
	memcpy((void *)data, before, COMPARED);
	call(scenario->name, scenario->first, scenario->second, CARRY_AND_SIGN, plain);
	if (step.inner_interrupted)
		work(inner_entry);
	if (step.interrupted)
		work(entry);
	if (!memcmp(interrupted_data, (void *)data, COMPARED) && !memcmp(plain, stepped, sizeof plain) && step.interrupted &&
	    (inner_target == NEVER || step.inner_interrupted))
		return 0;
	fprintf(stderr, "kernel-check: %s, interrupted at instruction %d", scenario->name, target);
	if (inner_target != NEVER)
		fprintf(stderr, " and again at %d by %s", inner_target, entries[inner_entry][0]);
	fprintf(stderr, ": through %s, %s\n", entries[entry][0], !step.interrupted || (inner_target != NEVER && !step.inner_interrupted) ?
		"the interrupt did not come" : memcmp(plain, stepped, sizeof plain) ? "registers differ" : "memory differs");
	return -1;
}

static int check(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };
	unsigned long single = 0, nested = 0;

	if (!stack.ss_sp || sigaltstack(&stack, NULL) || sigaction(SIGTRAP, &action, NULL))
		give_up(strerror(errno));
	for (int s = 0; s < SCENARIOS; s++) {
		int steps;

		prepare(&scenarios[s]);
		run(&scenarios[s], NEVER, NEVER, 0, 0);
		steps = step.seen;
		for (int entry = 0; entry < ENTRIES; entry++) {
			if (run(&scenarios[s], OUTSIDE, NEVER, entry, 0))
				return 1;
			for (int target = 0; target < steps; target++, single++) {
				if (run(&scenarios[s], target, NEVER, entry, 0))
					return 1;
				for (int inner = target; inner < steps; inner++, nested++)
					if (run(&scenarios[s], target, inner, entry, (entry + inner) % ENTRIES))
						return 1;
			}
		}
	}
	printf("kernel-check: %d entries, interrupting at %lu instructions and twice nested at %lu: exact\n", ENTRIES, single, nested);
	return 0;
}

int main(int count, char **arguments)
{
	const struct itimerval limit = { .it_value.tv_sec = 4 };
	int status;
	pid_t child;

	if (count != 2) {
		fputs("Usage: kernel-check IMAGE\n", stderr);
		return 2;
	}
	if (mmap((void *)BASE, MAX_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0) != (void *)BASE)
		give_up(strerror(errno));
	load(arguments[1]);
	start = symbol("__ace_start");
	end = symbol("__ace_end");
	data = symbol("__ace_data_start");
	for (text = symbol("_text"); text + 3 <= start; text++)
		if (!memcmp((void *)text, "\x0f\x01\xf8", 3))
			memcpy((void *)text, "\x0f\x1f\x00", 3);

	child = fork();
	if (child == 0) {
		setitimer(ITIMER_PROF, &limit, NULL);
		status = check();
		fflush(NULL);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		give_up(strerror(errno));
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "kernel-check: ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
		return 1;
	}
	return WEXITSTATUS(status);
}
