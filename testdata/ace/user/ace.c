/* ace.c - opening the area, closing it, and calling it. */
#define _GNU_SOURCE
#include "../ace.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define AREA_SIZE	(ACE_AT_END - ACE_AT_START)
#define DATA_SIZE	(ACE_AT_DATA_END - ACE_AT_DATA)

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static int opened;
static atomic_int is_open;

static int refuse(int error)
{
	errno = error;
	return -1;
}

/* The code, as the file has it: 0 if it is not the area that ace.h is about. */
static uint64_t area_in(int file, off_t *offset)
{
	unsigned char code[AREA_SIZE];
	uint64_t hash = 0xcbf29ce484222325;
	int has_code = 0, has_data = 0;
	Elf64_Phdr segment;
	Elf64_Ehdr elf;

	if (pread(file, &elf, sizeof elf, 0) != sizeof elf || memcmp(elf.e_ident, ELFMAG, SELFMAG) ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64 || elf.e_phentsize != sizeof segment)
		return 0;
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		if (pread(file, &segment, sizeof segment, elf.e_phoff + i * sizeof segment) != sizeof segment)
			return 0;
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_vaddr == ACE_AT_START && segment.p_filesz == AREA_SIZE && segment.p_offset % 4096 == 0 &&
		    segment.p_flags == (PF_R | PF_X)) {
			*offset = segment.p_offset;
			has_code = 1;
		} else if (segment.p_vaddr == ACE_AT_DATA && segment.p_memsz == DATA_SIZE && segment.p_flags == (PF_R | PF_W)) {
			has_data = 1;
		}
	}
	if (!has_code || !has_data || pread(file, code, sizeof code, *offset) != sizeof code)
		return 0;
	for (size_t i = 0; i < sizeof code; i++)
		hash = (hash ^ code[i]) * 0x100000001b3;
	return hash ? hash : 1;
}

/*
 * The first to come makes the data what they are at first, all zero, and writes
 * behind them, where nobody maps, which code they belong to; the lock keeps the
 * others waiting. Who dies in between leaves no mark, and the next begins anew.
 */
static int set_up(int file, uint64_t area)
{
	uint64_t mark;
	int error = 0;

	if (flock(file, LOCK_EX))
		return -1;
	if (pread(file, &mark, sizeof mark, DATA_SIZE) != sizeof mark) {
		if (ftruncate(file, 0) || ftruncate(file, DATA_SIZE))
			error = errno;
		else if (pwrite(file, &area, sizeof area, DATA_SIZE) != sizeof area)
			error = ENOSPC;
	} else if (mark != area) {
		error = ESTALE;
	}
	flock(file, LOCK_UN);
	return error ? refuse(error) : 0;
}

/* At this address or not at all: kernels before 4.17 take the address as a hint. */
static int map_at(uintptr_t address, size_t size, int protection, int flags, int file, off_t offset)
{
	void *mapped = mmap((void *)address, size, protection, flags | MAP_FIXED_NOREPLACE, file, offset);

	if (mapped == MAP_FAILED)
		return -1;
	if ((uintptr_t)mapped == address)
		return 0;
	munmap(mapped, size);
	return refuse(EEXIST);
}

static int map(const char *area, const char *data)
{
	int code_file, data_file = -1, result = -1, error;
	uint64_t hash;
	off_t offset;

	code_file = open(area, O_RDONLY | O_CLOEXEC);
	if (code_file < 0)
		return -1;
	hash = area_in(code_file, &offset);
	if (!hash) {
		errno = ENOEXEC;
		goto out;
	}
	data_file = shm_open(data, O_RDWR | O_CREAT, 0600);
	if (data_file < 0 || set_up(data_file, hash) ||
	    map_at(ACE_AT_DATA, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, data_file, 0))
		goto out;
	if (map_at(ACE_AT_START, AREA_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_POPULATE, code_file, offset)) {
		error = errno;
		munmap((void *)ACE_AT_DATA, DATA_SIZE);
		errno = error;
		goto out;
	}
	result = 0;
out:
	error = errno;
	if (data_file >= 0)
		close(data_file);
	close(code_file);
	errno = error;
	return result;
}

int ace_open(const char *area, const char *data)
{
	int result = 0;

	pthread_mutex_lock(&opening);
	if (!opened)
		result = map(area, data);
	if (!result) {
		opened++;
		atomic_store(&is_open, 1);
	}
	pthread_mutex_unlock(&opening);
	return result;
}

int ace_close(void)
{
	int result = 0;

	pthread_mutex_lock(&opening);
	if (!opened) {
		result = refuse(ENODEV);
	} else if (--opened == 0) {
		atomic_store(&is_open, 0);
		munmap((void *)ACE_AT_START, AREA_SIZE);
		munmap((void *)ACE_AT_DATA, DATA_SIZE);
	}
	pthread_mutex_unlock(&opening);
	return result;
}

int ace_unlink(const char *data)
{
	return shm_unlink(data);
}

static int closed(void)
{
	if (atomic_load_explicit(&is_open, memory_order_acquire))
		return 0;
	errno = ENODEV;
	return 1;
}

static uint32_t number_of(const struct ace_message *message)
{
	uintptr_t distance = (uintptr_t)message - ACE_AT_POOL;

	return distance % sizeof *message || distance / sizeof *message >= ACE_MESSAGES ?
		UINT32_MAX : (uint32_t)(distance / sizeof *message);
}

static struct ace_message *message_of(uint32_t number)
{
	if (number < ACE_MESSAGES)
		return ACE_POOL + number;
	errno = EAGAIN;
	return NULL;
}

uint64_t ace_inc_counter(void)
{
	return closed() ? 0 : ace_call(ACE_INC_COUNTER, 0, 0, NULL);
}

uint64_t ace_inc_timer_counter(void)
{
	return closed() ? 0 : ace_call(ACE_INC_TIMER_COUNTER, 0, 0, NULL);
}

int ace_get_counters(uint64_t *counter, uint64_t *timer_counter)
{
	*counter = *timer_counter = 0;
	if (closed())
		return -1;
	*counter = ace_call(ACE_GET_COUNTERS, 0, 0, timer_counter);
	return 0;
}

int ace_queue_push(unsigned queue, struct ace_message *message)
{
	if (closed())
		return -1;
	return (uint32_t)ace_call(ACE_QUEUE_PUSH, queue, number_of(message), NULL) ? refuse(EINVAL) : 0;
}

struct ace_message *ace_queue_pop(unsigned queue)
{
	return closed() ? NULL : message_of((uint32_t)ace_call(ACE_QUEUE_POP, queue, 0, NULL));
}

struct ace_message *ace_pool_get(void)
{
	return closed() ? NULL : message_of((uint32_t)ace_call(ACE_POOL_GET, 0, 0, NULL));
}

int ace_pool_put(struct ace_message *message)
{
	if (closed())
		return -1;
	return (uint32_t)ace_call(ACE_POOL_PUT, number_of(message), 0, NULL) ? refuse(EINVAL) : 0;
}
