// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Tells ThreadSanitizer of the orders that Swift's libraries make and that it cannot see, as they come without instruments: locks that had
// to be waited for, references that were counted, and continuations that were resumed before their task waited. Without it, it reports
// races in what goes through them. (Of tasks that wait, Swift's library tells by itself.)
//
// Linked before those libraries, these functions stand in the place of theirs wherever the program calls them, and call them in turn.
// What is announced is what they do and not more, so that races remain: to drop a reference comes before a change by its only owner,
// and not before whatever others do with the object.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *);
void __tsan_release(void *);

// The function of this name that the library has.
static void *behind(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        fprintf(stderr, "ordering.c: no Swift library has %s: the runtime has changed, and this file must follow it\n", name);
        abort();
    }
    return function;
}

// The same, asked for once at each place: for what is called all the time.
#define BEHIND(name) \
    ({ \
        static _Atomic(void *) known; \
        if (known == NULL) known = behind(name); \
        known; \
    })

// MARK: - Mutex, where it waits or lets somebody go on; otherwise it is an atomic value, which is seen

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *self) __asm__(LOCK_SLOW);
__attribute__((swiftcall)) bool try_lock_slow(__attribute__((swift_context)) void *self) __asm__(TRY_LOCK_SLOW);
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *self) __asm__(UNLOCK_SLOW);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *self) {
    __typeof__(lock_slow) *next = behind(LOCK_SLOW);
    next(thread, self);
    __tsan_acquire(self);
}

__attribute__((swiftcall)) bool try_lock_slow(__attribute__((swift_context)) void *self) {
    __typeof__(try_lock_slow) *next = behind(TRY_LOCK_SLOW);
    bool taken = next(self);
    if (taken) __tsan_acquire(self);
    return taken;
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *self) {
    __typeof__(unlock_slow) *next = behind(UNLOCK_SLOW);
    __tsan_release(self);
    next(self);
}

// MARK: - References: who drops one has done with the object, and who then has the only one may change it in place

void swift_release(void *object) {
    void (*next)(void *) = BEHIND("swift_release");
    if (object != NULL) __tsan_release(object);
    next(object);
}

void swift_release_n(void *object, uint32_t count) {
    void (*next)(void *, uint32_t) = BEHIND("swift_release_n");
    if (object != NULL) __tsan_release(object);
    next(object, count);
}

// A bridge has bits beside the address of its object. The sign says that there is no object.
static void *bridged(uintptr_t bridge) { return (intptr_t)bridge < 0 ? NULL : (void *)(bridge & 0x0ffffffffffffff8); }

void swift_bridgeObjectRelease(uintptr_t bridge) { swift_release(bridged(bridge)); }

void swift_bridgeObjectRelease_n(uintptr_t bridge, uint32_t count) { swift_release_n(bridged(bridge), count); }

bool swift_isUniquelyReferenced_native(void *object) {
    bool (*next)(void *) = BEHIND("swift_isUniquelyReferenced_native");
    bool only = next(object);
    if (only) __tsan_acquire(object);
    return only;
}

bool swift_isUniquelyReferenced_nonNull_native(void *object) {
    bool (*next)(void *) = BEHIND("swift_isUniquelyReferenced_nonNull_native");
    bool only = next(object);
    if (only) __tsan_acquire(object);
    return only;
}

// MARK: - Continuations: a task that need not wait, as it was resumed already, sees what was done before (the library announces that)

__attribute__((swiftcall)) void *swift_task_getCurrent(void);

__attribute__((swiftasynccall)) void swift_continuation_await(void *continuation) {
    __typeof__(swift_continuation_await) *next = BEHIND("swift_continuation_await");
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return next(continuation);
}
