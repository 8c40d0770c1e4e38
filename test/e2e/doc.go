// Package e2e tests a city from outside: real processes, real HTTP, real kills.
package e2e
