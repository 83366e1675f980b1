# How a module, an executable and a unit test of phasegate are built: one warning set for all of them. Warnings are
# errors where CMAKE_COMPILE_WARNING_AS_ERROR says so, as the presets for developers do: a newer compiler than ours
# must not stop somebody who only installs.

add_library(phasegate_options INTERFACE)
target_compile_options(phasegate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wformat=2 -Wvla
  -fno-common -fstack-protector-strong)
target_compile_definitions(phasegate_options INTERFACE
  _GNU_SOURCE
  PHASEGATE_VERSION="${PROJECT_VERSION}")
target_include_directories(phasegate_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE")
  target_compile_definitions(phasegate_options INTERFACE _FORTIFY_SOURCE=2)
endif()
# Position independent, and nothing that the loader fills in stays writable (tests/structure/hardened.sh).
# Most compilers do the first unasked.
include(CheckCSourceCompiles)
check_c_source_compiles("#ifndef __PIE__\n#error not position independent\n#endif\nint main(void) { return 0; }" PHASEGATE_PIE_UNASKED)
if(NOT PHASEGATE_PIE_UNASKED)
  target_compile_options(phasegate_options INTERFACE -fPIE)
endif()
target_link_options(phasegate_options INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack,-z,separate-code)
if(PHASEGATE_SANITIZE)
  target_compile_options(phasegate_options INTERFACE
    -fsanitize=${PHASEGATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(phasegate_options INTERFACE -fsanitize=${PHASEGATE_SANITIZE})
endif()

# phasegate_module(NAME DIRECTORY LIBRARY...): the static library phasegate_NAME from the sources below
# DIRECTORY, but for those that hold a main(). The libraries are modules of ours by name, or targets.
function(phasegate_module name directory)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${directory}/*.c)
  list(FILTER sources EXCLUDE REGEX "/([a-z]+_)?main\\.c$")
  add_library(phasegate_${name} STATIC ${sources})
  target_link_libraries(phasegate_${name} PUBLIC phasegate_options)
  foreach(library ${ARGN})
    if(TARGET phasegate_${library})
      target_link_libraries(phasegate_${name} PUBLIC phasegate_${library})
    else()
      target_link_libraries(phasegate_${name} PUBLIC ${library})
    endif()
  endforeach()
endfunction()

# phasegate_executable(NAME MAIN MODULE...)
function(phasegate_executable name main)
  add_executable(${name} ${main})
  target_link_options(${name} PRIVATE -pie)
  foreach(module ${ARGN})
    target_link_libraries(${name} PRIVATE phasegate_${module})
  endforeach()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# phasegate_shim(NAME MAIN): one waits beside every run for hours, so it is small: static where the archives are there,
# of the few objects it needs (state, base, and its own part of runs).
function(phasegate_shim name main)
  find_library(PHASEGATE_SQLITE_ARCHIVE libsqlite3.a)
  find_library(PHASEGATE_JANSSON_ARCHIVE libjansson.a)
  if(PHASEGATE_SANITIZE OR NOT PHASEGATE_SQLITE_ARCHIVE OR NOT PHASEGATE_JANSSON_ARCHIVE)
    phasegate_executable(${name} ${main} runs)
    return()
  endif()
  add_executable(${name} ${main})
  add_dependencies(${name} phasegate_runs phasegate_state phasegate_base)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PRIVATE phasegate_options
    $<TARGET_FILE:phasegate_runs> $<TARGET_FILE:phasegate_state> $<TARGET_FILE:phasegate_base>
    ${PHASEGATE_SQLITE_ARCHIVE} ${PHASEGATE_JANSSON_ARCHIVE} m)
  # SQLite could load extensions; this one never does, and the linker need not warn of it. (Its --no-warnings would hide
  # errors too, and make a program that calls nowhere.)
  target_link_options(${name} PRIVATE -static-pie LINKER:--wrap=dlopen,--defsym=__wrap_dlopen=abort)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
