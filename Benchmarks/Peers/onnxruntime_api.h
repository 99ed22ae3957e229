// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// The few functions of ONNX Runtime's C API that the worker calls. The Python package brings the library but not
// its header, onnxruntime_c_api.h.
//
// The API is one table of functions, OrtApi, that only grows at its end: onnxruntime_c_api.cc asserts the size of
// every version that was ever released, and lists the functions in order. All of these belong to version 1, so
// their positions hold for every release. Names and arguments are the header's.

typedef struct OrtEnv OrtEnv;
typedef struct OrtStatus OrtStatus; ///< null means success
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;

enum {
    ORT_API_VERSION = 1,
    ORT_LOGGING_LEVEL_WARNING = 2,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT = 1,
    OrtDeviceAllocator = 0,
    OrtMemTypeDefault = 0,
};

typedef struct OrtApi {
    void *functions_0_to_1[2];
    const char *(*GetErrorMessage)(const OrtStatus *status);
    OrtStatus *(*CreateEnv)(int logging_level, const char *log_id, OrtEnv **result);
    void *functions_4_to_6[3];
    OrtStatus *(*CreateSession)(const OrtEnv *env, const char *path, const OrtSessionOptions *options,
                                OrtSession **result);
    void *function_8;
    OrtStatus *(*Run)(OrtSession *session, const OrtRunOptions *options, const char *const *input_names,
                      const OrtValue *const *inputs, size_t input_count, const char *const *output_names,
                      size_t output_count, OrtValue **outputs);
    OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **result);
    void *functions_11_to_23[13];
    OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions *options, int count);
    OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions *options, int count);
    void *functions_26_to_48[23];
    OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *info, void *data, size_t data_size,
                                                 const int64_t *shape, size_t dimension_count, int element_type,
                                                 OrtValue **result);
    void *functions_50_to_68[19];
    OrtStatus *(*CreateCpuMemoryInfo)(int allocator_type, int memory_type, OrtMemoryInfo **result);
    void *functions_70_to_93[24];
    void (*ReleaseMemoryInfo)(OrtMemoryInfo *info);
    void (*ReleaseSession)(OrtSession *session);
    void (*ReleaseValue)(OrtValue *value);
    void *functions_97_to_99[3];
    void (*ReleaseSessionOptions)(OrtSessionOptions *options);
} OrtApi;

static_assert(offsetof(OrtApi, ReleaseSessionOptions) == 100 * sizeof(void *), "the last function of those above");

/// What the library's one exported function, OrtGetApiBase, returns.
typedef struct OrtApiBase {
    const OrtApi *(*GetApi)(uint32_t version);
    const char *(*GetVersionString)(void);
} OrtApiBase;
