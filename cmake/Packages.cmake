# What phasegate is built with: every library and program that is missing is named at once, with the Debian package that
# holds it, before anything is built.

set(phasegate_missing "")

# phasegate_package(NAME PKG-CONFIG-MODULE DEBIAN-PACKAGE): the target PkgConfig::NAME.
macro(phasegate_package name module package)
  if(NOT PKG_CONFIG_FOUND)
    find_package(PkgConfig)
  endif()
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  endif()
  if(NOT ${name}_FOUND)
    list(APPEND phasegate_missing "${module}" "${package}")
  endif()
endmacro()

# phasegate_program(PROGRAM DEBIAN-PACKAGE): a program that the tests or the benchmarks run.
macro(phasegate_program program package)
  find_program(PHASEGATE_FOUND_${program} ${program})
  if(NOT PHASEGATE_FOUND_${program})
    list(APPEND phasegate_missing "${program}" "${package}")
  endif()
endmacro()

function(phasegate_packages_required)
  set(text "")
  set(packages "")
  set(missing ${phasegate_missing})
  while(missing)
    list(POP_FRONT missing what package)
    string(APPEND text "\n  ${what} (Debian: ${package})")
    string(APPEND packages " ${package}")
  endwhile()
  if(NOT PKG_CONFIG_FOUND)
    string(APPEND text "\n  pkg-config, which finds all of these (Debian: pkg-config)")
    string(APPEND packages " pkg-config")
  endif()
  if(text)
    message(FATAL_ERROR "phasegate is built with what is not here, or is too old:${text}\n"
      "Install it with: apt-get install${packages}\nor all there is with scripts/setup (with --test for the tests).")
  endif()
endfunction()
