# One addon, N-API only, so that one build serves every supported Node.js. libbpf, libelf, zlib and the header decoder of
# nghttp2 are linked from their archives: the addon needs nothing at run time but the C library (test/contract/addon-linking.test.ts holds that).
{
  "targets": [
    {
      "target_name": "wiretape",
      "sources": ["<!@(ls src/*.cc src/*.c)"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags": ["-O2", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wshadow", "-Werror"],
      "cflags_c": ["-std=gnu11"],
      "cflags_cc": [
        "-std=c++20",
        # headers of others are not held to our warnings
        "-isystem <!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")",
        "-isystem <(node_root_dir)/include/node",
      ],
      "libraries": ["-l:libbpf.a", "-l:libelf.a", "-l:libz.a", "-l:libnghttp2.a"],
      "ldflags": [
        "-static-libstdc++",
        "-static-libgcc",
        "-Wl,--version-script=<(module_root_dir)/exports.map",
        "-Wl,--wrap=stderr",  # see src/archive_shims.c
        "-Wl,-z,text",
      ],
    }
  ]
}
